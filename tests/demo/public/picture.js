// Pictures: made small enough for one packet, then read as bytes.

/** What the server takes at most. Polling sends 4/3 of it as base64, below the limit of 1 000 000 bytes per request. */
const MAX_BYTES = 700_000;
const MAX_FILE_BYTES = 40_000_000;
const MAX_SIDE = 2560;
const SENT_AS_THEY_ARE = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/** Tried in this order until the result is small enough: longest side in pixels, quality. */
const STEPS = [[2048, 0.86], [1600, 0.82], [1280, 0.78], [1024, 0.72], [800, 0.65], [512, 0.6]];

/** Why a file can't be sent, in words for the person who chose it. */
export class PictureError extends Error {}

/** Reads a file as `{name, mime, width, height, data}`, scaled down where needed. Throws PictureError. */
export async function prepare(file) {
  if (!file.type.startsWith("image/")) throw new PictureError("Only pictures can be sent.");
  if (file.size > MAX_FILE_BYTES) throw new PictureError("This file is larger than 40 MB. Please choose a smaller picture.");
  const url = URL.createObjectURL(file);
  try {
    const image = await decode(url);
    const { blob, width, height } = fits(file, image) ? whole(file, image) : await shrink(file, image);
    const name = file.name?.slice(0, 100) || "picture";
    return { name, mime: blob.type, width, height, data: await blob.arrayBuffer() };
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function decode(url) {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {
    throw new PictureError("This file can't be read as a picture.");
  });
  return image;
}

const whole = (blob, image) => ({ blob, width: image.naturalWidth, height: image.naturalHeight });

const fits = (file, image) =>
  SENT_AS_THEY_ARE.includes(file.type) &&
  file.size <= MAX_BYTES &&
  Math.max(image.naturalWidth, image.naturalHeight) <= MAX_SIDE;

async function shrink(file, image) {
  if (file.type === "image/gif") {
    throw new PictureError("This GIF is too large: 700 kB is the limit, and it would lose its movement if made smaller.");
  }
  for (const [side, quality] of STEPS) {
    const made = await draw(image, side, quality);
    if (made.blob && made.blob.size <= MAX_BYTES) return made;
  }
  throw new PictureError("This picture can't be made small enough to send (700 kB).");
}

async function draw(image, side, quality) {
  const naturalWidth = image.naturalWidth || side; // an SVG may have no size of its own
  const naturalHeight = image.naturalHeight || side;
  const scale = Math.min(1, side / Math.max(naturalWidth, naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(naturalHeight * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const encode = (mime) => new Promise((done) => canvas.toBlob(done, mime, quality));
  let blob = await encode("image/webp");
  if (blob?.type !== "image/webp") {
    context.globalCompositeOperation = "destination-over"; // no WebP here, and JPEG knows no transparency
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    blob = await encode("image/jpeg");
  }
  return { blob, width: canvas.width, height: canvas.height };
}

/** `1.4 MB`, `320 kB`: sizes as people write them. */
export function sizeText(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
