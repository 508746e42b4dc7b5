// A picture in full size.
import { byId } from "./dom.js";

/** Opens the picture at `url` over the whole window; Escape, the button or a click beside it closes it. */
export function openPicture(url, name) {
  byId("viewer-image").src = url;
  byId("viewer-image").alt = name;
  byId("viewer").showModal();
}

byId("viewer").addEventListener("click", ({ target }) => {
  if (target.id === "viewer") target.close();
});
