/* Boxes and arrows: dagre finds the places, SVG shows them. Boxes of a group close into one and open again. */
page.drawers.graph = (host, d, chart) => {
  if (d.nodes.length === 0) return "No nodes to draw.";
  const { css, element } = page, space = "http://www.w3.org/2000/svg";
  const state = chart.state ??= { closed: new Set(d.collapsed ? d.nodes.filter(n => n.group).map(n => n.group.split(".")[0]) : []), step: d.steps.length, zoom: 0 };
  const svgElement = (parent, tag, attributes, text) => {
    const e = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    if (text !== undefined) e.textContent = text;
    parent.appendChild(e);
    return e;
  };
  const measure = document.createElement("canvas").getContext("2d");
  const size = (lines, font) => { measure.font = font; return Math.max(...lines.map(l => measure.measureText(l).width)); };
  const lines = text => (text ?? "").split("\n");
  const colors = { input: 2, parameter: 0, constant: 8, operation: 4, result: 1 };
  const kinds = [...new Set(d.nodes.map(n => n.kind).filter(k => k))];
  let spare = 4;
  const kindColor = new Map(kinds.map(k => [k, k in colors ? colors[k] : (spare = spare + 1) % 10]));

  /* Every group around a node, the outermost first; the first closed one stands for it. */
  const around = node => { const parts = node.group ? node.group.split(".") : []; return parts.map((_, i) => parts.slice(0, i + 1).join(".")); };
  const shownAs = new Map(d.nodes.map(n => { const closed = around(n).find(g => state.closed.has(g)); return [n.id, closed === undefined ? "n:" + n.id : "g:" + closed]; }));

  const layout = new dagre.graphlib.Graph({ compound: true, multigraph: true });
  layout.setGraph({ rankdir: d.horizontal ? "LR" : "TB", nodesep: 26, ranksep: 34, edgesep: 14, marginx: 8, marginy: 8 });
  layout.setDefaultEdgeLabel(() => ({}));
  const boxes = new Map(), open = new Set();
  for (const node of d.nodes) {
    const id = shownAs.get(node.id), groups = around(node), closed = id.startsWith("g:");
    if (!boxes.has(id)) {
      const inside = closed ? d.nodes.filter(n => shownAs.get(n.id) === id).length : 0;
      const text = closed ? [id.slice(2), `${inside} ${inside === 1 ? "node" : "nodes"}`] : lines(node.label);
      boxes.set(id, { text, node: closed ? null : node, group: closed ? id.slice(2) : null, ids: new Set() });
      layout.setNode(id, { width: size(text, "13px system-ui, sans-serif") + 24, height: 17 * text.length + 14 });
      const parents = closed ? groups.slice(0, groups.indexOf(id.slice(2))) : groups;
      parents.forEach((g, i) => { if (!open.has(g)) { open.add(g); layout.setNode("o:" + g, {}); if (i > 0) layout.setParent("o:" + g, "o:" + parents[i - 1]); } });
      if (parents.length > 0) layout.setParent(id, "o:" + parents[parents.length - 1]);
    }
    boxes.get(id).ids.add(node.id);
  }
  const arrows = new Map();
  d.edges.forEach((edge, i) => {
    const from = shownAs.get(edge.from), to = shownAs.get(edge.to);
    if (from === to && from.startsWith("g:")) return;
    const folded = from.startsWith("g:") || to.startsWith("g:"), key = folded ? from + "\n" + to : "e" + i;
    if (arrows.has(key)) { arrows.get(key).edges.push(i); return; }
    const forward = edge.label ? lines(edge.label) : [], back = edge.back ? lines(edge.back) : [], text = [...forward, ...back];
    arrows.set(key, { from, to, forward, back, edges: [i] });
    layout.setEdge(from, to, text.length > 0 ? { width: size(text, "12px system-ui, sans-serif") + 10, height: 15 * text.length + 4, labelpos: "c" } : {}, key);
  });
  dagre.layout(layout);

  const width = layout.graph().width, height = layout.graph().height, tools = element(host, "div", "tools");
  const frame = element(host, "div", "graph");
  // A wide graph is scrolled rather than made too small to read, until somebody asks for all of it at once.
  const whole = Math.min(1, chart.width / width), scale = state.zoom === "whole" ? whole : state.zoom || Math.max(.75, whole);
  const svg = svgElement(frame, "svg", { width: width * scale, height: height * scale, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": d.title });
  const again = change => { change(); page.draw(chart); };
  const button = (text, label, action, disabled) => { const b = element(tools, "button", "", text); b.title = label; b.disabled = !!disabled; b.addEventListener("click", action); return b; };
  if (d.steps.length > 0) {
    button("|◀", "before the first step", () => again(() => { state.step = -1; }), state.step < 0);
    button("◀", "a step back", () => again(() => { state.step = Math.max(-1, state.step - 1); }), state.step < 0);
    button("▶", "a step on", () => again(() => { state.step = Math.min(d.steps.length, state.step + 1); }), state.step >= d.steps.length);
    button("▶|", "all steps", () => again(() => { state.step = d.steps.length; }), state.step >= d.steps.length);
    element(tools, "span", "step", state.step < 0 ? `before the first of ${d.steps.length} steps` : state.step >= d.steps.length ? `all ${d.steps.length} steps` : `${state.step + 1}/${d.steps.length}: ${d.steps[state.step].text}`);
  }
  button("−", "smaller", () => again(() => { state.zoom = Math.max(.05, scale / 1.3); }));
  button("+", "larger", () => again(() => { state.zoom = Math.min(4, scale * 1.3); }));
  button("fit", "as wide as the page", () => again(() => { state.zoom = "whole"; }));
  const groups = [...new Set(d.nodes.flatMap(around))];
  if (groups.length > 0) {
    button("open all", "open every box", () => again(() => state.closed.clear()), state.closed.size === 0);
    button("close all", "close every box", () => again(() => groups.filter(g => !g.includes(".")).forEach(g => state.closed.add(g))));
  }

  const step = d.steps[state.step], shownForward = new Set(), shownBack = new Set(), later = { forward: new Set(), back: new Set() };
  d.steps.forEach((s, i) => s.edges.forEach(e => (i <= state.step ? (s.backward ? shownBack : shownForward) : s.backward ? later.back : later.forward).add(e)));
  const hidden = (which, shown, edges) => edges.every(e => which.has(e) && !shown.has(e));

  const toggled = group => again(() => { if (!state.closed.delete(group)) state.closed.add(group); });
  for (const group of [...open].sort((a, b) => a.length - b.length)) {
    const at = layout.node("o:" + group);
    const box = svgElement(svg, "rect", { class: "group", x: at.x - at.width / 2, y: at.y - at.height / 2, width: at.width, height: at.height, rx: 8 });
    const name = svgElement(svg, "text", { class: "group-name", x: at.x - at.width / 2 + 8, y: at.y - at.height / 2 + 14 }, group.split(".").pop());
    for (const e of [box, name]) e.addEventListener("click", () => toggled(group));
    svgElement(box, "title", {}, `${group}: click to close`);
  }
  const marker = svgElement(svgElement(svg, "defs", {}), "marker", { id: host.id + "-head", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" });
  svgElement(marker, "path", { class: "head", d: "M0 1 L10 5 L0 9 z" });
  for (const [key, arrow] of arrows) {
    const edge = layout.edge({ v: arrow.from, w: arrow.to, name: key }), p = edge.points;
    let path = `M${p[0].x} ${p[0].y}`;
    for (let i = 1; i + 1 < p.length; i++) {
      const end = i + 2 === p.length ? p[i + 1] : { x: (p[i].x + p[i + 1].x) / 2, y: (p[i].y + p[i + 1].y) / 2 };
      path += ` Q${p[i].x} ${p[i].y} ${end.x} ${end.y}`;
    }
    if (p.length === 2) path += ` L${p[1].x} ${p[1].y}`;
    const on = step && arrow.edges.some(e => step.edges.includes(e));
    svgElement(svg, "path", { class: on ? "edge on" : "edge", d: path, "marker-end": `url(#${host.id}-head)` });
    const forward = hidden(later.forward, shownForward, arrow.edges) ? [] : arrow.forward, back = hidden(later.back, shownBack, arrow.edges) ? [] : arrow.back;
    const text = [...forward.map(t => [t, "forward"]), ...back.map(t => [t, "backward"])];
    if (text.length > 0 && edge.width) {
      text.forEach(([t, kind], i) => svgElement(svg, "text", { class: kind, x: edge.x, y: edge.y + 15 * (i - (text.length - 1) / 2) + 4, "text-anchor": "middle" }, t));
    }
  }
  for (const [id, box] of boxes) {
    const at = layout.node(id), on = step && step.nodes.some(n => box.ids.has(n));
    const g = svgElement(svg, "g", { class: (on ? "node on" : "node") + (box.group ? " folded" : "") });
    const rect = svgElement(g, "rect", { class: "box", x: at.x - at.width / 2, y: at.y - at.height / 2, width: at.width, height: at.height, rx: box.node?.kind === "operation" ? at.height / 2 : 6 });
    if (box.node?.kind) { const c = page.color(kindColor.get(box.node.kind)); rect.style.stroke = on ? "" : c; rect.style.fill = `color-mix(in srgb, ${c} 14%, ${css("--card")})`; }
    if (box.group) { rect.style.fill = css("--accent-soft"); g.addEventListener("click", () => toggled(box.group)); }
    box.text.forEach((t, i) => svgElement(g, "text", { x: at.x, y: at.y + 17 * (i - (box.text.length - 1) / 2) + 4.5, "text-anchor": "middle" }, t));
    const about = box.group ? `${box.group}: click to open` : [box.node.label, box.node.group, box.node.details].filter(t => t).join("\n");
    svgElement(g, "title", {}, about);
  }
  if (kinds.length > 1) page.legend(host, kinds.map(k => [k, page.color(kindColor.get(k))]));
};
