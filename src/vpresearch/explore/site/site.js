// The page without a server: what was recorded is shown where the controls stand.
const { languages, names } = JSON.parse(document.getElementById("vp-data").textContent);

// What the frame and the plots take for a widget's model.
class Model {
  constructor(values, saved = () => {}) {
    this.values = values;
    this.saved = saved;
    this.heard = [];
  }
  get(name) {
    return this.values[name];
  }
  set(name, value) {
    this.values[name] = value;
    for (const [events, act] of this.heard) if (events.includes(`change:${name}`)) act();
  }
  save_changes() {
    this.saved(this);
  }
  on(events, act) {
    this.heard.push([events.split(" "), act]);
  }
  off() {}
}

function make(name, parent, attributes = {}, words = null) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (words !== null) node.textContent = words;
  parent?.append(node);
  return node;
}

const root = make("div", document.getElementById("rendered_cells"), { class: "vp-explorer" });
const [title, strip, says, top, place] = ["h1", "div", "div", "div", "div"].map((name) => make(name, root));
place.className = "vp-place";

// Where the controls of each panel stand, and what was answered, in whatever language it is told.
const state = { language: names[0][0], panel: "walk", vertebra: 0, at: {}, question: 0, lesson: [] };

const here = () => languages[state.language];
const recorded = () => here().panels[state.panel];
const whereOf = (panel) =>
  (state.at[panel] ??= here().panels[panel].controls.map(({ first }) => first));

function valueOf({ by, ids }, { controls, strings }, at) {
  let found = 0;
  for (const axis of by) found = found * controls[axis].places.length + at[axis];
  return strings[ids[found]];
}

function address() {
  const said = new URLSearchParams({ panel: state.panel, language: state.language });
  said.set("data", "shipped");
  said.set("vertebra", state.vertebra + 1);
  if (state.panel === "lesson") said.set("question", state.question);
  else {
    recorded().controls.forEach(({ name, places }, which) => {
      if (name !== "vertebra") said.set(name, places[whereOf(state.panel)[which]]);
    });
  }
  return said.toString();
}

function go(words) {
  const said = new URLSearchParams(words);
  if (languages[said.get("language")]) state.language = said.get("language");
  if (here().panels[said.get("panel")] || said.get("panel") === "lesson") state.panel = said.get("panel");
  const vertebra = Number(said.get("vertebra"));
  if (vertebra > 0 && vertebra <= here().panels.walk.controls[0].places.length) state.vertebra = vertebra - 1;
  if (state.panel === "lesson") {
    const question = Number(said.get("question"));
    if (here().lesson.questions[question]) state.question = question;
    return;
  }
  recorded().controls.forEach(({ name, places }, which) => {
    const asked = said.get(name);
    if (asked === null || name === "vertebra") return;
    let to = places.indexOf(asked);
    // A link of the application may say a place between two of these.
    if (to < 0 && places.every((each) => !Number.isNaN(Number(each))) && !Number.isNaN(Number(asked))) {
      const away = places.map((each) => Math.abs(Number(each) - Number(asked)));
      to = away.indexOf(Math.min(...away));
    }
    if (to >= 0) whereOf(state.panel)[which] = to;
  });
}

const head = new Model(
  { languages: names, turned: {}, asked: "", here: "", words: here().words, tabs: here().tabs, panel: state.panel, language: state.language },
  (model) => {
    const { turn, ...turned } = model.get("turned");
    const asked = model.get("asked");
    // An address that is come to is gone to once.
    model.values.asked = "";
    if (asked) go(asked);
    else Object.assign(state, turned);
    show();
  },
);

function show() {
  title.textContent = here().words.title;
  strip.innerHTML = here().banner;
  says.innerHTML = here().says;
  for (const [name, value] of Object.entries({ words: here().words, tabs: here().tabs, language: state.language, panel: state.panel })) {
    head.set(name, value);
  }
  place.replaceChildren();
  if (state.panel === "lesson") lesson();
  else panel();
  tell();
}

function tell() {
  head.set("here", address());
}

function panel() {
  const from = recorded();
  const at = whereOf(state.panel);
  from.controls.forEach(({ name }, which) => {
    if (name === "vertebra") at[which] = state.vertebra;
  });
  const updates = [];
  const update = () => {
    for (const each of updates) each();
    tell();
  };
  const put = (which, to) => {
    at[which] = to;
    if (from.controls[which].name === "vertebra") state.vertebra = to;
    update();
  };
  const parts = (leaf) => from.leaves[leaf].map((part) => valueOf(part, from, at));
  const vertebra = from.controls.findIndex(({ name }) => name === "vertebra");
  // A control is named by where it stands, or by what it is.
  const labelled = (node, parent, inner, attributes = {}) => {
    const box = make("label", parent, { class: "vp-control" });
    const name = make("span", box, { class: "widget-label" }, node.name);
    return [make(inner, box, attributes), name];
  };
  const kinds = {
    box(node, parent) {
      const box = make("div", parent, { class: node.class });
      for (const each of node.of) kinds[each.kind](each, box);
    },
    words(node, parent) {
      const box = make("div", parent);
      let before = null;
      updates.push(() => {
        const now = parts(node.leaf).filter((line) => line !== null).join("\n");
        // What is folded out stays so.
        const open = box.querySelector("details")?.open;
        if (now !== before) box.innerHTML = before = now;
        if (open) box.querySelector("details")?.setAttribute("open", "");
      });
    },
    typed(node, parent) {
      const [input] = labelled(node, parent, "input", { readonly: "" });
      updates.push(() => (input.value = parts(node.leaf)[0]));
    },
    plot(node, parent) {
      const model = new Model({ spec: {}, marked: { selected: null, related: [] }, picked: {}, moved: {} }, () => {
        if (vertebra >= 0) put(vertebra, model.get("picked").id);
      });
      const box = make("div", parent);
      let before = null;
      const draw = () => {
        const [spec, table, marked, ...marks] = parts(node.leaf);
        model.values.marked = marked;
        const now = spec && { ...spec, table, marks: marks.filter((each) => each !== null), draggable: null };
        if (JSON.stringify(now) === before) return model.set("marked", marked);
        before = JSON.stringify(now);
        model.set("spec", now ?? {});
      };
      updates.push(draw);
      model.values.spec = {};
      plot.render({ model, el: box });
    },
    select(node, parent) {
      const [select] = labelled(node, parent, "select");
      from.controls[node.control].words.forEach((words, to) => make("option", select, { value: to }, words));
      select.addEventListener("change", () => put(node.control, Number(select.value)));
      updates.push(() => (select.value = at[node.control]));
    },
    number(node, parent) {
      const { places } = from.controls[node.control];
      const ends = { type: "number", min: places[0], max: places.at(-1) };
      const [input] = labelled(node, parent, "input", ends);
      input.addEventListener("change", () => {
        const to = places.indexOf(input.value);
        put(node.control, to < 0 ? at[node.control] : to);
      });
      updates.push(() => (input.value = places[at[node.control]]));
    },
    slider(node, parent) {
      const { places, words } = from.controls[node.control];
      const ends = { type: "range", min: 0, max: places.length - 1, step: 1, role: "slider" };
      const [input, name] = labelled(node, parent, "input", ends);
      input.parentNode.classList.add("widget-hslider");
      input.addEventListener("input", () => put(node.control, Number(input.value)));
      updates.push(() => {
        input.value = at[node.control];
        name.textContent = words[at[node.control]];
      });
    },
    check(node, parent) {
      const box = make("label", parent, { class: "vp-control vp-check" });
      const input = make("input", box, { type: "checkbox" });
      make("span", box, {}, node.name);
      input.addEventListener("change", () => put(node.control, Number(input.checked)));
      updates.push(() => (input.checked = at[node.control] === 1));
    },
    button(node, parent) {
      const button = make("button", parent, { class: "jupyter-button", type: "button" }, node.name);
      const last = from.controls[node.control].places.length - 1;
      // The last of what was recorded is followed by the first.
      button.addEventListener("click", () => put(node.control, node.to ?? (at[node.control] < last ? at[node.control] + 1 : 0)));
    },
  };
  kinds.box(from.tree, place);
  // Below the heading, which may ask for what only the application can do.
  if (from.note) place.firstChild.firstChild.insertAdjacentHTML("afterend", from.note);
  update();
}

function lesson() {
  const from = here().lesson;
  const question = from.questions[state.question];
  const note = (state.lesson[state.question] ??= { chosen: null, hints: 0, checked: false, solved: false });
  make("div", place).innerHTML = from.heading;
  const path = make("div", place, { class: "vp-path", role: "group", "aria-label": here().words.title });
  from.questions.forEach(({ title }, at) => {
    const button = make("button", path, { class: "jupyter-button", type: "button", "aria-pressed": at === state.question }, title);
    button.addEventListener("click", () => {
      state.question = at;
      show();
      place.querySelectorAll(".vp-path button")[at].focus();
    });
  });
  const solved = make("div", place);
  make("div", place).innerHTML = question.asks;
  const answers = make("div", place, { role: "radiogroup", "aria-label": question.title });
  question.answers.forEach((words, at) => {
    const label = make("label", answers, { class: "vp-control vp-check" });
    const input = make("input", label, { type: "radio", name: "vp-answer" });
    input.checked = note.chosen === at;
    make("span", label, {}, words);
    input.addEventListener("change", () => now({ chosen: at, checked: false }));
  });
  const buttons = make("div", place, { class: "vp-row vp-near" });
  const act = (words, does) => {
    const button = make("button", buttons, { class: "jupyter-button", type: "button" }, words);
    button.addEventListener("click", does);
    return button;
  };
  act(from.check, () => now({ checked: true }));
  const hint = act(from.hint, () => now({ hints: note.hints + 1, checked: false }));
  act(question.go, () => {
    state.panel = question.panel;
    show();
  });
  const hints = make("ol", place);
  const said = make("div", place);
  const kept = make("div", place);
  kept.innerHTML = from.download;
  make("div", place).innerHTML = from.glossary;
  const now = (changes) => {
    Object.assign(note, changes);
    note.solved ||= note.checked && note.chosen !== null && question.right[note.chosen];
    hints.innerHTML = question.hints.slice(0, note.hints).map((words) => `<li>${words}</li>`).join("");
    hints.hidden = note.hints === 0;
    hint.disabled = note.hints === question.hints.length;
    said.innerHTML = note.checked ? (note.chosen === null ? from.choose : question.verdicts[note.chosen]) : "";
    const told = from.questions.map(({ summed }, at) => summed[state.lesson[at]?.chosen ?? summed.length - 1]);
    const words = encodeURIComponent([from.lead, ...told].join("\n\n"));
    kept.querySelector("a").href = `data:text/plain;charset=utf-8,${words}`;
    solved.innerHTML = from.solved[state.lesson.filter((each) => each?.solved).length];
  };
  now({});
}

show();
frame.render({ model: head, el: top });
