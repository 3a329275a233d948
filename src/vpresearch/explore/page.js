// The frame of the page: language, tabs, and the address that holds what is shown; names and news for who hears the page.
function tabs(model, root, act) {
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.className = "vp-tabs";
  root.append(list);
  const go = (to) => {
    for (const each of list.children) each.tabIndex = each === to ? 0 : -1;
    to.focus();
  };
  list.addEventListener("keydown", (event) => {
    const all = [...list.children];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    go(all[(to + all.length) % all.length]);
    event.preventDefault();
  });
  // The panels behind the tab that is open, where it has several.
  const parts = document.createElement("div");
  parts.setAttribute("role", "group");
  parts.className = "vp-tabs vp-parts";
  root.append(parts);
  return () => {
    list.setAttribute("aria-label", model.get("words").panels);
    const held = list.contains(document.activeElement);
    const open = model.get("panel");
    let behind = [];
    model.get("tabs").forEach(([name, words, panels], at) => {
      const here = name === open || panels.some(([each]) => each === open);
      if (here) behind = panels;
      if (here) parts.setAttribute("aria-label", words);
      const tab = list.children[at] ?? list.appendChild(document.createElement("button"));
      tab.textContent = words;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", here);
      tab.onclick = () => act("panel", panels[0]?.[0] ?? name);
      if (!held) tab.tabIndex = here ? 0 : -1;
    });
    parts.hidden = !behind.length;
    behind.forEach(([name, words], at) => {
      const button = parts.children[at] ?? parts.appendChild(document.createElement("button"));
      button.textContent = words;
      button.setAttribute("aria-pressed", name === open);
      button.onclick = () => act("panel", name);
    });
  };
}

function languages(model, root, act) {
  const box = document.createElement("div");
  box.setAttribute("role", "group");
  box.className = "vp-languages";
  root.append(box);
  return () => {
    box.setAttribute("aria-label", model.get("words").language);
    model.get("languages").forEach(([name, words], at) => {
      const button = box.children[at] ?? box.appendChild(document.createElement("button"));
      button.textContent = words;
      button.lang = name;
      button.setAttribute("aria-pressed", name === model.get("language"));
      button.onclick = () => act("language", name);
    });
  };
}

// What the widgets leave unsaid: a slider's name and unit, and that something new is said.
function listen(explorer, status) {
  let said = "";
  let waiting = null;
  const look = () => {
    for (const slider of explorer.querySelectorAll(".widget-hslider")) {
      const [, name, value] = slider.querySelector(".widget-label")?.textContent.match(/^(.*): (.*)$/) ?? [];
      const handle = slider.querySelector("[role=slider]");
      if (!handle || !name) continue;
      const unit = name.match(/\(([^)]*)\)/)?.[1];
      const told = unit ? `${value} ${unit}` : value;
      if (handle.getAttribute("aria-label") !== name) handle.setAttribute("aria-label", name);
      if (handle.getAttribute("aria-valuetext") !== told) handle.setAttribute("aria-valuetext", told);
    }
    for (const wide of explorer.querySelectorAll(".vp-wide:not([tabindex])")) wide.tabIndex = 0;
    const news = [...explorer.querySelectorAll(".vp-big, .vp-fault")].map((each) => each.textContent).join(" ");
    if (news === said) return;
    said = news;
    clearTimeout(waiting);
    // Once it has come to rest: a slider on its way says a sentence a step.
    waiting = setTimeout(() => (status.textContent = news), 500);
  };
  const observer = new MutationObserver(look);
  const attributes = { attributes: true, attributeFilter: ["aria-valuetext", "class"] };
  observer.observe(explorer, { childList: true, subtree: true, characterData: true, ...attributes });
  look();
  return observer;
}

function render({ model, el }) {
  const act = (name, value) => {
    model.set("turned", { [name]: value, turn: (model.get("turned").turn || 0) + 1 });
    model.save_changes();
  };
  const head = document.createElement("div");
  const nav = document.createElement("nav");
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  status.className = "vp-heard";
  el.append(head, nav, status);
  const redraws = [languages(model, head, act), tabs(model, nav, act)];
  // Elsewhere, as in JupyterLab, address and title are not ours.
  const page = document.getElementById("rendered_cells");
  page?.setAttribute("role", "main");
  const show = () => {
    for (const redraw of redraws) redraw();
    nav.setAttribute("aria-label", model.get("words").panels);
    const explorer = el.closest(".vp-explorer");
    const panels = model.get("tabs").flatMap(([name, words, behind]) => (behind.length ? behind : [[name, words]]));
    const open = panels.find(([name]) => name === model.get("panel"));
    const place = explorer?.querySelector(".vp-place");
    place?.setAttribute("role", "tabpanel");
    place?.setAttribute("aria-label", open[1]);
    explorer?.setAttribute("lang", model.get("language"));
    if (page) {
      document.documentElement.lang = model.get("language");
      document.title = `${open[1]} · ${model.get("words").title}`;
    }
  };
  const panelOf = (address) => new URLSearchParams(address).get("panel");
  const here = () => location.hash.slice(1);
  const tell = () => {
    const now = model.get("here");
    if (!page || now === here()) return;
    const write = [null, panelOf(now)].includes(panelOf(here())) ? "replaceState" : "pushState";
    history[write](null, "", `#${now}`);
  };
  const ask = () => {
    model.set("asked", here());
    model.save_changes();
  };
  show();
  const frame = requestAnimationFrame(show);
  model.on("change:tabs change:panel change:language change:words", show);
  model.on("change:here", tell);
  if (page) {
    if (here()) ask();
    else tell();
    window.addEventListener("popstate", ask);
  }
  let observer;
  const wait = setInterval(() => {
    const explorer = el.closest(".vp-explorer");
    if (!explorer) return;
    clearInterval(wait);
    observer = listen(explorer, status);
    show();
  }, 50);
  return () => {
    cancelAnimationFrame(frame);
    clearInterval(wait);
    observer?.disconnect();
    window.removeEventListener("popstate", ask);
    model.off("change:tabs change:panel change:language change:words", show);
    model.off("change:here", tell);
  };
}

export default { render };
