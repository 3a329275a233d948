// A button that asks the kernel for a file, which the browser then saves.
function render({ model, el }) {
  el.classList.add("vp-upload");
  const button = document.createElement("button");
  button.className = "jupyter-button";
  const show = () => {
    button.textContent = model.get("description");
    button.disabled = model.get("disabled");
  };
  button.addEventListener("click", () => model.send({}));
  const save = ({ name }, buffers) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(buffers));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  show();
  el.append(button);
  model.on("change:description change:disabled", show);
  model.on("msg:custom", save);
  return () => {
    model.off("change:description change:disabled", show);
    model.off("msg:custom", save);
  };
}

export default { render };
