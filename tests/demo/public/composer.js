// The field at the bottom: text, and a picture that is chosen, pasted or dropped.
import { byId, toast } from "./dom.js";
import { PictureError, prepare, sizeText } from "./picture.js";

const MAX_HEIGHT = 180;

export class Composer {
  #text = byId("text");
  #picture = null;
  #previewUrl = "";
  #send;
  #typing;

  /** `send({text, picture})` is called for each message, `typing(active)` while it is being written. */
  constructor(send, typing) {
    this.#send = send;
    this.#typing = typing;
    this.#listenToText();
    this.#listenToFiles();
    this.#update();
  }

  focus() {
    this.#text.focus();
  }

  #listenToText() {
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("input", () => {
      this.#update();
      this.#typing(this.#text.value.trim() !== "");
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit();
      }
      if (event.key === "Escape" && this.#picture) this.#attach(null);
    });
  }

  #listenToFiles() {
    byId("attach").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", () => this.#choose([...byId("file").files]));
    byId("preview-remove").addEventListener("click", () => {
      this.#attach(null);
      this.focus();
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.#choose(files);
    });
    this.#listenToDrops();
  }

  #listenToDrops() {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    let depth = 0;
    const show = (change) => {
      depth = Math.max(0, depth + change);
      byId("drop").hidden = depth === 0;
    };
    document.addEventListener("dragenter", (event) => carriesFiles(event) && show(+1));
    document.addEventListener("dragleave", (event) => carriesFiles(event) && show(-1));
    document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      show(-depth);
      this.#choose([...event.dataTransfer.files]);
    });
  }

  async #choose(files) {
    byId("file").value = "";
    if (files.length === 0) return;
    if (files.length > 1) toast("One picture at a time: the first one was taken.");
    try {
      this.#attach(await prepare(files[0]));
      this.focus();
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      toast(error.message);
    }
  }

  #attach(picture) {
    URL.revokeObjectURL(this.#previewUrl);
    this.#picture = picture;
    this.#previewUrl = picture ? URL.createObjectURL(new Blob([picture.data], { type: picture.mime })) : "";
    byId("preview").hidden = !picture;
    if (picture) {
      byId("preview-image").src = this.#previewUrl;
      byId("preview-name").textContent = picture.name;
      byId("preview-size").textContent = `${picture.width} × ${picture.height}, ${sizeText(picture.data.byteLength)}`;
    } else {
      byId("preview-image").removeAttribute("src");
    }
    this.#update();
  }

  #submit() {
    const text = this.#text.value.trim();
    const picture = this.#picture;
    if (!text && !picture) return;
    this.#text.value = "";
    this.#attach(null);
    this.#send({ text, picture });
    this.focus();
  }

  #update() {
    byId("send").disabled = this.#text.value.trim() === "" && !this.#picture;
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(MAX_HEIGHT, this.#text.scrollHeight)}px`;
  }
}
