// One plot in SVG: points that can be picked and dragged, lines, bands, intervals; nothing is fetched.
const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  circle: (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
  square: (r) => `M${-r},${-r}H${r}V${r}H${-r}Z`,
  triangle: (r) => `M0,${-1.2 * r}L${1.1 * r},${0.9 * r}H${-1.1 * r}Z`,
  diamond: (r) => `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0Z`,
};
const RADIUS = 7;

function make(name, attributes = {}, parent = null, text = null) {
  const html = ["div", "span", "button", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"];
  const node = html.includes(name) ? document.createElement(name) : document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function save(name, kind, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

class Plot {
  constructor(model, el) {
    this.model = model;
    // Each plot has a copy of this module, so that none can count the others.
    this.name = `vp-plot-${Math.random().toString(36).slice(2)}`;
    this.root = make("div", { class: "vp-plot" }, el);
    this.dragging = null;
    // Where a point was moved to, until an answer to that move has come; earlier answers would move it back.
    this.ahead = null;
    this.turn = model.get("moved").turn || 0;
    this.draw();
  }

  // -- scales

  layout() {
    const spec = this.spec;
    this.room = this.root.clientWidth;
    this.width = Math.max(this.room, 260);
    this.height = Math.min(spec.height, 0.9 * this.width);
    const longest = Math.max(0, ...spec.y.ticks.map((tick) => tick.text.length));
    this.left = 34 + 9.5 * longest;
    this.right = this.width - 28;
    this.top = 12;
    this.bottom = this.height - 58;
  }
  x(value) {
    const { low, high } = this.spec.x;
    return this.left + ((value - low) / (high - low)) * (this.right - this.left);
  }
  y(value) {
    const { low, high } = this.spec.y;
    return this.bottom - ((value - low) / (high - low)) * (this.bottom - this.top);
  }
  valueAt(event) {
    const box = this.svg.getBoundingClientRect();
    const { x, y, steps } = this.spec;
    const across = (event.clientX - box.left - this.left) / (this.right - this.left);
    const up = (this.bottom - (event.clientY - box.top)) / (this.bottom - this.top);
    return this.snapped(x.low + across * (x.high - x.low), y.low + up * (y.high - y.low), steps);
  }
  snapped(x, y, steps) {
    const snap = (value, step, axis) => {
      const kept = Math.min(axis.high, Math.max(axis.low, Math.round(value / step) * step));
      return Number(kept.toFixed(6));
    };
    return { x: snap(x, steps.x, this.spec.x), y: snap(y, steps.y, this.spec.y) };
  }

  // -- drawing

  draw() {
    // Drawn once it has its place on the page, and not before that too.
    if (!this.root.clientWidth) return;
    this.spec = this.model.get("spec");
    if (!this.spec.x) return this.root.replaceChildren();
    if (this.ahead && this.spec.turn >= this.turn) this.ahead = null;
    this.layout();
    if (!this.root.firstChild) this.frame();
    this.root.closest(".vp-explorer")?.setAttribute("lang", this.spec.language);
    this.heading.textContent = this.spec.title;
    this.legend();
    this.canvas();
    this.axes();
    this.shapes.replaceChildren();
    for (const mark of this.spec.marks) if (mark.kind !== "points") this[mark.kind](mark);
    this.points();
    this.table();
    this.select();
  }
  // What is never made anew: the pointer, the focus and the place in the table hold on to it.
  frame() {
    this.heading = make("p", { class: "vp-plot-title" }, this.root);
    this.names = make("div", { class: "vp-legend" }, this.root);
    this.svg = make("svg", {}, this.root);
    this.title = make("title", { id: `${this.name}-t` }, this.svg);
    this.says = make("desc", { id: `${this.name}-d` }, this.svg);
    this.svg.setAttribute("aria-labelledby", `${this.title.id} ${this.says.id}`);
    this.grid = make("g", { class: "vp-axis", "aria-hidden": "true" }, this.svg);
    this.shapes = make("g", {}, this.svg);
    this.dots = make("g", { class: "vp-points" }, this.svg);
    this.details = make("details", { class: "vp-alternative" }, this.root);
    this.summary = make("summary", {}, this.details);
    this.details.addEventListener("toggle", () => this.table());
    this.rows = make("div", { class: "vp-scroll", tabindex: 0 }, this.details);
    const buttons = make("div", { class: "vp-save" }, this.root);
    [this.csv, this.picture, this.pixels] = [1, 2, 3].map(() => make("button", { class: "jupyter-button" }, buttons));
    this.csv.addEventListener("click", () => save(`${this.file()}.csv`, "text/csv", this.asCsv()));
    this.picture.addEventListener("click", () => save(`${this.file()}.svg`, "image/svg+xml", this.asSvg()));
    this.pixels.addEventListener("click", async () => save(`${this.file()}.png`, "image/png", await this.asPng()));
    this.svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      this.svg.addEventListener(end, () => this.drop());
    }
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }
  legend() {
    const named = this.spec.marks.filter((mark) => mark.name);
    this.names.replaceChildren();
    for (const mark of named) {
      const entry = make("span", {}, this.names);
      const icon = make("svg", { width: 26, height: 18, "aria-hidden": "true" }, entry);
      if (mark.kind === "points") {
        make("path", { d: SHAPES[mark.shape](6), transform: "translate(13,9)", fill: mark.colour }, icon);
      } else if (mark.kind === "band") {
        make("rect", { x: 2, y: 3, width: 22, height: 12, fill: mark.colour, opacity: 0.25 }, icon);
      } else {
        make("path", { d: "M1,9H25", stroke: mark.colour, "stroke-width": 3, "stroke-dasharray": mark.dash || "" }, icon);
      }
      entry.append(mark.name);
    }
  }
  canvas() {
    const { width, height, spec } = this;
    const role = spec.pickable ? "group" : "img";
    for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}`, role })) {
      this.svg.setAttribute(key, value);
    }
    this.title.textContent = spec.title;
    this.says.textContent = spec.description;
  }
  axes() {
    const { x, y } = this.spec;
    const { grid } = this;
    grid.replaceChildren();
    for (const tick of x.ticks) {
      make("path", { d: `M${this.x(tick.at)},${this.top}V${this.bottom + 5}` }, grid);
      const at = { x: this.x(tick.at), y: this.bottom + 23, "text-anchor": "middle" };
      make("text", at, grid, tick.text);
    }
    for (const tick of y.ticks) {
      make("path", { d: `M${this.left - 5},${this.y(tick.at)}H${this.right}` }, grid);
      make("text", { x: this.left - 9, y: this.y(tick.at) + 5, "text-anchor": "end" }, grid, tick.text);
    }
    const middle = (this.left + this.right) / 2;
    make("text", { x: middle, y: this.height - 10, "text-anchor": "middle", class: "vp-label" }, grid, x.label);
    const centre = (this.top + this.bottom) / 2;
    const turned = { transform: `translate(17,${centre}) rotate(-90)`, "text-anchor": "middle", class: "vp-label" };
    make("text", turned, grid, y.label);
  }
  points() {
    const before = new Map([...this.dots.children].map((node) => [node.dataset.id, node]));
    const now = [];
    for (const mark of this.spec.marks.filter(({ kind }) => kind === "points")) {
      for (const point of mark.points) {
        const pickable = point.id !== undefined && this.spec.pickable;
        const node = (pickable && before.get(String(point.id))) || this.point(pickable ? point.id : undefined);
        const at = this.ahead && this.ahead.id === point.id ? this.ahead : point;
        node.setAttribute("d", SHAPES[mark.shape](mark.size || RADIUS));
        node.setAttribute("fill", mark.colour);
        node.setAttribute("transform", `translate(${this.x(at.x)},${this.y(at.y)})`);
        node.firstChild.textContent = point.label;
        if (pickable) node.setAttribute("aria-label", point.label);
        now.push(node);
      }
    }
    for (const node of [...this.dots.children]) if (!now.includes(node)) node.remove();
    for (const node of now) if (!node.parentNode) this.dots.appendChild(node);
  }
  point(id) {
    const node = make("path", { class: "vp-point" });
    make("title", {}, node);
    if (id === undefined) return node;
    node.dataset.id = id;
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", -1);
    node.addEventListener("pointerdown", (event) => this.grab(event, id));
    node.addEventListener("click", () => this.pick(id));
    return node;
  }
  line(mark) {
    const path = mark.points.map((point, i) => `${i ? "L" : "M"}${this.x(point.x)},${this.y(point.y)}`).join("");
    const style = { fill: "none", stroke: mark.colour, "stroke-width": 3, "stroke-dasharray": mark.dash || "" };
    make("path", { d: path, ...style }, this.shapes);
  }
  band(mark) {
    const there = mark.x.map((at, i) => `${this.x(at)},${this.y(mark.high[i])}`);
    const back = mark.x.map((at, i) => `${this.x(at)},${this.y(mark.low[i])}`).reverse();
    make("path", { d: `M${there.join("L")}L${back.join("L")}Z`, fill: mark.colour, opacity: 0.22 }, this.shapes);
  }
  interval(mark) {
    const y = this.y(mark.y);
    const ends = [this.x(mark.low), this.x(mark.high)];
    const style = { stroke: mark.colour, "stroke-width": 3, fill: "none" };
    make("path", { d: `M${ends[0]},${y - 6}v12m0,-6H${ends[1]}m0,-6v12`, ...style }, this.shapes);
    const at = `translate(${this.x(mark.x)},${y})`;
    make("path", { d: SHAPES[mark.shape](RADIUS), fill: mark.colour, transform: at }, this.shapes);
  }
  table() {
    const { columns, rows, summary, csv, svg, png } = this.spec.table;
    this.summary.textContent = summary;
    this.csv.textContent = csv;
    this.picture.textContent = svg;
    this.pixels.textContent = png;
    this.rows.replaceChildren();
    // Hundreds of rows that nobody looks at are not made.
    if (!this.details.open) return;
    const table = make("table", {}, this.rows);
    make("caption", {}, table, `${this.spec.title}. ${this.spec.description}`);
    const head = make("tr", {}, make("thead", {}, table));
    for (const column of columns) make("th", { scope: "col" }, head, column);
    const body = make("tbody", {}, table);
    for (const row of rows) {
      const line = make("tr", {}, body);
      for (const cell of row) make("td", {}, line, cell);
    }
  }

  // -- to keep

  file() {
    return this.spec.title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  }
  asCsv() {
    // As a spreadsheet of the language reads it; the mark at the start says which letters these are.
    const { columns, rows, separator } = this.spec.table;
    const cell = (words) => (/["\n;,]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words);
    return "\ufeff" + [columns, ...rows].map((row) => row.map(cell).join(separator) + "\r\n").join("");
  }
  asSvg() {
    const copy = this.svg.cloneNode(true);
    copy.setAttribute("xmlns", SVG);
    const kept = ["fill", "fill-opacity", "font-family", "font-size", "font-weight", "opacity", "stroke", "stroke-width"];
    const own = this.svg.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((node, at) => {
      const style = getComputedStyle(own[at]);
      for (const name of kept) node.setAttribute(name, style.getPropertyValue(name));
    });
    return new XMLSerializer().serializeToString(copy);
  }

  async asPng() {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.asSvg())}`;
    await image.decode();
    // Three dots for each of the screen's, so that it can be printed.
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [3 * this.width, 3 * this.height];
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }

  // -- picking and dragging

  nodes() {
    return [...this.svg.querySelectorAll("[data-id]")];
  }
  select() {
    const { selected, related } = this.model.get("marked");
    const nodes = this.nodes();
    for (const node of nodes) {
      const own = Number(node.dataset.id) === selected;
      node.classList.toggle("vp-selected", own);
      node.classList.toggle("vp-related", !own && related.includes(Number(node.dataset.id)));
      node.setAttribute("aria-pressed", own);
      node.setAttribute("tabindex", own ? 0 : -1);
      // On top of those that it covers; a node that is put elsewhere loses the focus.
      if (own && node.nextSibling && node !== document.activeElement) this.dots.appendChild(node);
    }
    if (nodes.length && !nodes.some((node) => node.getAttribute("tabindex") === "0")) {
      nodes[0].setAttribute("tabindex", 0);
    }
  }
  pick(id) {
    this.model.set("picked", { id, turn: (this.model.get("picked").turn || 0) + 1 });
    this.model.save_changes();
  }
  move(id, to) {
    this.turn += 1;
    this.ahead = { id, ...to };
    this.node(id)?.setAttribute("transform", `translate(${this.x(to.x)},${this.y(to.y)})`);
    this.model.set("moved", { ...this.ahead, turn: this.turn });
    this.model.save_changes();
  }
  node(id) {
    return this.svg.querySelector(`[data-id="${id}"]`);
  }
  grab(event, id) {
    if (this.spec.draggable !== id || event.button !== 0) return;
    this.dragging = id;
    this.svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.node(id).focus();
  }
  drag(event) {
    // A button that was let go where this could not hear it.
    if (!event.buttons) this.drop();
    if (this.dragging !== null) this.move(this.dragging, this.valueAt(event));
  }
  drop() {
    this.dragging = null;
  }
  key(event) {
    const id = Number(event.target.dataset.id);
    const side = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (Number.isNaN(id)) return;
    if (event.key === "Enter" || event.key === " ") this.pick(id);
    else if (!side) return;
    else if (this.spec.draggable === id) {
      const point = this.spec.marks.flatMap((mark) => mark.points || []).find((each) => each.id === id);
      const from = this.ahead ?? point;
      const times = event.shiftKey ? 10 : 1;
      const { steps } = this.spec;
      this.move(id, this.snapped(from.x + side[0] * times * steps.x, from.y + side[1] * times * steps.y, steps));
    } else this.next(id, side);
    event.preventDefault();
    event.stopPropagation();
  }
  next(id, [across, up]) {
    const along = (node) => node.transform.baseVal.getItem(0).matrix[across ? "e" : "f"];
    const nodes = this.nodes().sort((a, b) => along(a) - along(b) || Number(a.dataset.id) - Number(b.dataset.id));
    const at = nodes.findIndex((node) => Number(node.dataset.id) === id);
    const node = nodes[(at + (across || -up) + nodes.length) % nodes.length];
    for (const each of nodes) each.setAttribute("tabindex", -1);
    node.setAttribute("tabindex", 0);
    node.focus();
  }
}

function render({ model, el }) {
  const plot = new Plot(model, el);
  const redraw = () => plot.draw();
  const reselect = () => plot.svg && plot.select();
  model.on("change:spec", redraw);
  model.on("change:marked", reselect);
  const observer = new ResizeObserver(() => {
    if (plot.root.clientWidth === plot.room || plot.dragging !== null) return;
    plot.draw();
  });
  observer.observe(plot.root);
  return () => {
    observer.disconnect();
    model.off("change:spec", redraw);
    model.off("change:marked", reselect);
  };
}

export default { render };
