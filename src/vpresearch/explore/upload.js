// A button that hands a file, and what is declared of it, to the kernel; the browser keeps nothing of them.
function render({ model, el }) {
  el.classList.add("vp-upload");
  const button = document.createElement("button");
  button.className = "jupyter-button";
  button.textContent = model.get("description");
  const chooser = document.createElement("input");
  chooser.type = "file";
  chooser.accept = model.get("accept");
  chooser.multiple = true;
  chooser.hidden = true;
  button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", async () => {
    const files = [...chooser.files];
    const contents = await Promise.all(files.map((file) => file.arrayBuffer()));
    if (files.length) model.send({ names: files.map((file) => file.name) }, undefined, contents);
    // So that the same file can be given again, mended.
    chooser.value = "";
  });
  el.append(button, chooser);
}

export default { render };
