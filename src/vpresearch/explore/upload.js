// A button that hands one file to the kernel; the browser keeps nothing of it.
function render({ model, el }) {
  el.classList.add("vp-upload");
  const button = document.createElement("button");
  button.className = "jupyter-button";
  button.textContent = model.get("description");
  const chooser = document.createElement("input");
  chooser.type = "file";
  chooser.accept = model.get("accept");
  chooser.hidden = true;
  button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (file) model.send({ name: file.name }, undefined, [await file.arrayBuffer()]);
    // So that the same file can be given again, mended.
    chooser.value = "";
  });
  el.append(button, chooser);
}

export default { render };
