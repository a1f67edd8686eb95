// SPDX-License-Identifier: Apache-2.0
"use strict";
// Draws the page from RUNS: one object a run with name, command, run (run.json) and series (series.json, or null).
(() => {
  const runs = RUNS;
  const several = runs.length > 1;
  const dashes = ["", "7 3", "2 3", "9 3 2 3", "5 2", "1 2", "12 4", "4 4"];
  const color = i => `var(--c${i % 8})`;
  const dash = i => dashes[i % dashes.length];
  const svgNS = "http://www.w3.org/2000/svg";
  const sum = list => list.reduce((a, b) => a + b, 0);

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }
  function svg(tag, attributes = {}, text) {
    const node = document.createElementNS(svgNS, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // ---- Numbers for people
  const short = value => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en");
    return String(Number(value.toPrecision(3)));
  };
  const unitOf = (ns, units) => units.reduce((best, unit) => (ns >= unit[1] ? unit : best), units[0]);
  const timeUnits = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9]];
  const time = ns => { const unit = unitOf(Math.abs(ns), timeUnits); return `${short(ns / unit[1])} ${unit[0]}`; };
  const byteUnits = [["B", 1], ["KiB", 1024], ["MiB", 1024 ** 2], ["GiB", 1024 ** 3]];
  const bytes = count => { const unit = unitOf(count, byteUnits); return `${short(count / unit[1])} ${unit[0]}`; };
  const percent = share => `${short(share * 100)} %`;
  const count = value => Math.round(value).toLocaleString("en");

  function ticks(most, wanted) {
    if (!(most > 0)) return [0];
    const raw = most / wanted;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].find(m => m * power >= raw) * power;
    const list = [];
    for (let value = 0; value <= most * 1.0001; value += step) list.push(value);
    return list;
  }

  // ---- Charts
  const width = 640, height = 230, left = 52, right = 10, top = 10, bottom = 26;

  function frame(title, unit, label) {
    const figure = el("figure");
    figure.append(el("figcaption", {}, title, el("small", {}, unit)));
    const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
    return {figure, picture};
  }
  function legend(figure, items) {
    const list = el("ul", {class: "legend"});
    for (const item of items) {
      const sample = svg("svg", {viewBox: "0 0 26 10", "aria-hidden": "true"});
      if (item.mark) sample.append(svg("path", {d: `M13 0${item.shape}`, fill: item.color}));
      else sample.append(svg("line", {x1: 0, x2: 26, y1: 5, y2: 5, stroke: item.color, "stroke-width": 2.5,
                                      "stroke-dasharray": item.dash || ""}));
      const entry = el("li", {}, item.name);
      entry.prepend(sample);
      if (item.note) entry.append(" ", el("b", {}, item.note));
      list.append(entry);
    }
    figure.append(list);
  }
  function axes(picture, xMost, yMost, xText, yText, xFrom = 0) {
    const x = value => left + (value - xFrom) / (xMost - xFrom || 1) * (width - left - right);
    const y = value => height - bottom - value / (yMost || 1) * (height - top - bottom);
    for (const value of ticks(yMost, 5)) {
      picture.append(svg("line", {class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value)}));
      picture.append(svg("text", {x: left - 6, y: y(value) + 4, "text-anchor": "end"}, yText(value)));
    }
    const unit = unitOf(xMost, timeUnits);
    if (xText) return {x, y};
    for (const value of ticks(xMost / unit[1], 6)) {
      const at = value * unit[1];
      if (at < xFrom) continue;
      picture.append(svg("text", {x: x(at), y: height - 8, "text-anchor": "middle"}, `${short(value)} ${unit[0]}`));
    }
    return {x, y};
  }

  // lines: {name, x: [ns], y: [], color, dash, step, note}; marks: {name, color, at: [[ns, y]]}
  function lineChart({title, unit, lines, marks = [], text = short, most}) {
    const shown = lines.filter(line => line.x.length > 0);
    const label = `${title}, ${unit}: ` + shown.map(line => `${line.name} ${line.note || ""}`).join("; ");
    const {figure, picture} = frame(title, unit, label);
    const yMost = most ?? Math.max(0, ...shown.flatMap(line => line.y.filter(v => v !== null)));
    if (shown.length === 0 || yMost === 0 && !most) {
      figure.append(el("p", {class: "none"}, shown.length === 0 ? "Nothing was recorded." : "0 throughout."));
      return figure;
    }
    const xMost = Math.max(...shown.map(line => line.x[line.x.length - 1]));
    const {x, y} = axes(picture, xMost, yMost * (most ? 1 : 1.05), null, text);
    for (const line of shown) {
      let path = "", gap = true, before = 0;
      line.x.forEach((at, i) => {
        if (line.y[i] === null) { gap = true; return; }
        const px = x(at).toFixed(1), py = y(line.y[i]).toFixed(1);
        path += gap ? `M${px} ${py}` : line.step ? `H${px}V${py}` : `L${px} ${py}`;
        gap = false; before = py;
      });
      picture.append(svg("path", {d: path, fill: "none", stroke: line.color, "stroke-width": 1.8,
                                  "stroke-dasharray": line.dash || "", "stroke-linejoin": "round"}));
    }
    for (const kind of marks)
      for (const [at, value] of kind.at)
        picture.append(svg("path", {class: "mark", fill: kind.color, d: `M${x(at)} ${y(value) - 5}${kind.shape}`}));
    figure.append(picture);
    legend(figure, [...shown, ...marks.filter(kind => kind.at.length).map(kind => ({...kind, mark: true}))]);
    hover(figure, picture, shown, x, xMost, text);
    return figure;
  }

  function nearest(list, value) {
    let low = 0, high = list.length - 1;
    while (high - low > 1) { const middle = (low + high) >> 1; if (list[middle] <= value) low = middle; else high = middle; }
    return value - list[low] <= list[high] - value ? low : high;
  }
  function hover(figure, picture, lines, x, xMost, text) {
    const cross = svg("line", {class: "cross", y1: top, y2: height - bottom, visibility: "hidden"});
    picture.append(cross);
    const tip = el("div", {class: "tip", hidden: ""});
    figure.append(tip);
    picture.addEventListener("pointermove", event => {
      const box = picture.getBoundingClientRect();
      const px = (event.clientX - box.left) / box.width * width;
      const at = Math.min(xMost, Math.max(0, (px - left) / (width - left - right) * xMost));
      cross.setAttribute("x1", x(at)); cross.setAttribute("x2", x(at)); cross.setAttribute("visibility", "visible");
      tip.replaceChildren(el("b", {}, time(at)));
      for (const line of lines) {
        const value = line.y[nearest(line.x, at)];
        if (value !== null) tip.append(el("br"), `${line.name}: ${text(value)}`);
      }
      tip.hidden = false;
      const inside = event.clientX - figure.getBoundingClientRect().left;
      tip.style.left = `${inside > figure.clientWidth / 2 ? inside - tip.offsetWidth - 14 : inside + 14}px`;
      tip.style.top = "3rem";
    });
    picture.addEventListener("pointerleave", () => { tip.hidden = true; cross.setAttribute("visibility", "hidden"); });
  }

  // groups: {name, color, dash, bins: [[from_ns, count]], note}; bins are a tenth of a decade wide.
  function histogram({title, unit, groups}) {
    const shown = groups.filter(group => group.bins.length > 0);
    const {figure, picture} = frame(title, unit, `${title}: ` + shown.map(g => `${g.name} ${g.note || ""}`).join("; "));
    if (shown.length === 0) { figure.append(el("p", {class: "none"}, "Nothing was recorded.")); return figure; }
    const place = ns => Math.round(Math.log10(ns) * 10);
    const from = Math.min(...shown.map(group => place(group.bins[0][0]))) - 1;
    const to = Math.max(...shown.map(group => place(group.bins[group.bins.length - 1][0]))) + 2;
    const shares = shown.map(group => { const all = sum(group.bins.map(bin => bin[1])); return group.bins.map(bin => [place(bin[0]), bin[1] / all]); });
    const most = Math.max(...shares.flat().map(bin => bin[1]));
    const {x, y} = axes(picture, to, most * 1.05, true, percent, from);
    const every = Math.max(1, Math.ceil((to - from) / 8));
    for (let tick = from; tick <= to; tick += every)
      picture.append(svg("text", {x: x(tick), y: height - 8, "text-anchor": "middle"}, time(10 ** (tick / 10))));
    shown.forEach((group, i) => {
      let path = `M${x(shares[i][0][0])} ${y(0)}`;
      for (const [bin, share] of shares[i]) path += `L${x(bin)} ${y(share)}H${x(bin + 1)}`;
      path += `V${y(0)}`;
      picture.append(svg("path", {d: path + "Z", fill: group.color, "fill-opacity": 0.18, stroke: "none"}));
      picture.append(svg("path", {d: path, fill: "none", stroke: group.color, "stroke-width": 1.8, "stroke-dasharray": group.dash || ""}));
    });
    figure.append(picture);
    legend(figure, shown);
    return figure;
  }

  // ---- What runs have
  const hostsOf = run => run.series ? run.series.hosts : [];
  const hasNic = (run, host) => run.run.machines.some(machine => machine.name === host.name);
  const nicsOf = run => hostsOf(run).filter(host => hasNic(run, host));
  // A switch passes on what others have sent.
  const sendersOf = run => hostsOf(run).filter(host => host.name !== "switch" || hasNic(run, host));
  // Neighbouring bins are drawn as one where there are more than a plot can show; sums become means, the rest the most.
  const shownBins = 220;
  const groupOf = run => Math.max(1, Math.ceil(run.series.bins / shownBins));
  const binTimes = run => Array.from({length: Math.ceil(run.series.bins / groupOf(run))},
    (_, i) => Math.min((i + 0.5) * groupOf(run), run.series.bins - 0.5) * run.series.bin_ns);
  function grouped(run, values, mean) {
    const size = groupOf(run), result = [];
    for (let i = 0; i < values.length; i += size) {
      const part = values.slice(i, i + size);
      result.push(mean ? sum(part) / part.length : Math.max(...part));
    }
    return result;
  }
  // A line for each host of each run; with several runs, the hosts that have the most of it.
  function perHost(pickBins, {note, step, aggregate, mean, of = nicsOf} = {}) {
    const pick = (host, run) => pickBins(host, run).map(({name, y}) => ({name, y: grouped(run, y, mean)}));
    const lines = [];
    runs.forEach((run, r) => {
      if (!run.series) return;
      const x = binTimes(run);
      if (several) {
        const all = of(run).flatMap(host => pick(host, run).map(entry => entry.y));
        if (all.length === 0) return;
        const y = x.map((_, i) => aggregate(all.map(values => values[i])));
        lines.push({name: run.name, x, y, color: color(r), dash: dash(r), step, note: note(y)});
      } else {
        for (const host of of(run))
          for (const {name, y} of pick(host, run)) {
            const i = lines.length;
            lines.push({name: name, x, y, color: color(i), dash: dash(i), step, note: note(y)});
          }
      }
    });
    return lines;
  }
  const largest = list => Math.max(...list);
  const total = list => sum(list);

  function charts() {
    const area = el("div", {class: "charts"});
    const gbit = (bytesInBin, run) => bytesInBin * 8 / run.series.bin_ns;
    area.append(lineChart({title: "Throughput", unit: several ? "Gbit/s of TCP payload, all hosts" : "Gbit/s of TCP payload, by sender",
      lines: perHost((host, run) => [{name: host.name, y: host.sent_payload_bytes.map(b => gbit(b, run))}],
                     {aggregate: total, mean: true, of: sendersOf, note: y => `at most ${short(largest(y))}`})}));
    area.append(histogram({title: "Latency", unit: "share of connections or requests, log scale",
      groups: runs.filter(run => run.series).map((run, r) => ({name: several ? run.name : "all", color: color(r), dash: dash(r),
        bins: run.series.latency_ns.histogram,
        note: run.series.latency_ns.count ? `p50 ${time(run.series.latency_ns.p50)}, p99 ${time(run.series.latency_ns.p99)}` : ""}))}));
    area.append(lineChart({title: "Connection table", unit: "connections in the NIC",
      lines: perHost(host => [{name: host.name, y: host.table_entries}], {aggregate: largest, step: true, note: y => `at most ${count(largest(y))}`}), text: count}));
    area.append(lineChart({title: "Ring fill", unit: several ? "share of the fullest ring" : "share, the most in each bin",
      lines: perHost(host => [{name: `${host.name} receive`, y: host.rx_ring_share}, {name: `${host.name} completion`, y: host.completion_ring_share},
                              {name: `${host.name} transmit`, y: host.transmit_ring_share}],
                     {aggregate: largest, note: y => percent(largest(y))}), text: percent}));
    area.append(lineChart({title: "PCIe utilisation", unit: several ? "the busier direction" : "share of the link by direction",
      lines: perHost((host, run) => [["upstream", host.pcie_upstream_bytes], ["downstream", host.pcie_downstream_bytes]].map(
                       ([way, values]) => ({name: `${host.name} ${way}`, y: values.map(b => b / (run.series.pcie_bytes_per_s * run.series.bin_ns * 1e-9))})),
                     {aggregate: largest, mean: true, note: y => `at most ${percent(largest(y))}`}), text: percent}));
    area.append(histogram({title: "NIC latency", unit: "from the frame's last bit to its completion, log scale",
      groups: runs.filter(run => run.series).flatMap((run, r) => several
        ? [{name: run.name, color: color(r), dash: dash(r), bins: merged(nicsOf(run).map(host => host.nic_latency_ns))}]
        : nicsOf(run).map((host, i) => ({name: host.name, color: color(i), dash: dash(i), bins: host.nic_latency_ns})))}));
    area.append(lineChart({title: "Frame rate", unit: several ? "million frames a second, all hosts" : "million frames a second, by sender",
      lines: perHost((host, run) => [{name: host.name, y: host.sent_frames.map(n => n * 1000 / run.series.bin_ns)}],
                     {aggregate: total, mean: true, of: sendersOf, note: y => `at most ${short(largest(y))}`})}));
    area.append(lineChart({title: "Losses and retransmissions", unit: "the most in a bin",
      lines: perHost(host => [{name: `${host.name} lost or dropped`, y: host.drops}, {name: `${host.name} sent again`, y: host.retransmits}],
                     {aggregate: total, step: true, of: hostsOf, note: y => `at most ${count(largest(y))}`}), text: count}));
    return area;
  }
  function merged(histograms) {
    const all = new Map();
    for (const bins of histograms) for (const [from, n] of bins) all.set(from, (all.get(from) || 0) + n);
    return [...all].sort((a, b) => a[0] - b[0]);
  }

  // ---- Connections
  function connections() {
    const all = runs.flatMap((run, r) => (run.series ? run.series.connections : []).map(connection =>
      ({...connection, label: `${several ? run.name + ": " : ""}${connection.name} at ${connection.host}`, run: r})));
    const section = el("section");
    section.append(el("h2", {}, "Congestion control"));
    if (all.length === 0) { section.append(el("p", {class: "none"}, "No connection was followed.")); return section; }
    const chosen = new Set();
    if (several) runs.forEach((_, r) => { const first = all.findIndex(c => c.run === r); if (first >= 0) chosen.add(first); });
    else all.slice(0, 3).forEach((_, i) => chosen.add(i));
    const picks = el("div", {class: "pick", role: "group", "aria-label": "Connections shown"});
    all.forEach((connection, i) => {
      const box = el("input", {type: "checkbox"});
      box.checked = chosen.has(i);
      box.addEventListener("change", () => { if (box.checked) chosen.add(i); else chosen.delete(i); draw(); });
      const note = connection.retransmits ? ` (${connection.retransmits} sent again)` : "";
      picks.append(el("label", {}, box, ` ${connection.label}${note}`));
    });
    const area = el("div", {class: "charts"});
    function draw() {
      const shown = [...chosen].sort((a, b) => a - b).map((i, place) => ({...all[i], color: color(place), dash: dash(place)}));
      const line = (connection, values, extra = {}) => ({name: connection.label, x: connection.time_ns, y: values, step: true,
        color: connection.color, dash: connection.dash, ...extra});
      const valueAt = (connection, values, at) => values[nearest(connection.time_ns, at)];
      const shapes = {retransmit: "l5 9h-10z", recovery: "l5 5l-5 5l-5-5z", timeout: "h5v9h-10v-9z"};
      const marks = Object.keys(shapes).map((what, i) => ({name: what, color: color(i + 4), shape: shapes[what],
        at: shown.flatMap(c => c.marks.filter(m => m[1] === what).map(m => [m[0], valueAt(c, c.cwnd, m[0])]))}));
      area.replaceChildren(
        lineChart({title: "Congestion window", unit: "segments", lines: shown.map(c => line(c, c.cwnd)), marks, text: count}),
        lineChart({title: "Smoothed round trip", unit: "srtt", lines: shown.map(c => line(c, c.srtt_us)), text: v => time(v * 1000)}),
        lineChart({title: "In flight", unit: "segments", lines: shown.map(c => line(c, c.in_flight)), text: count}),
        lineChart({title: "Slow start threshold", unit: "segments; not drawn while it is unset",
                   lines: shown.filter(c => c.ssthresh.some(v => v !== null)).map(c => line(c, c.ssthresh)), text: count}));
    }
    draw();
    section.append(picks, area);
    return section;
  }

  // ---- Figures
  const goodput = run => run.run.transfer_ns ? run.run.bytes_delivered * 8 / run.run.transfer_ns : null;
  const hitShare = run => { const t = run.run.table; return t.hits + t.misses ? t.hits / (t.hits + t.misses) : null; };
  const pcieOf = (run, way) => Math.max(0, ...run.run.machines.map(machine => machine.pcie[way].utilisation));
  const drops = run => sum(Object.values(run.run.drops));
  const rows = [
    ["NIC, seed", run => `${run.run.nic}, ${run.run.seed}`],
    ["Simulated", run => time(run.run.sim_time_ps / 1000)],
    ["Connections opened", run => count(run.run.connections.opened)],
    ["… closed in order", run => count(run.run.connections.closed)],
    ["Delivered", run => bytes(run.run.bytes_delivered)],
    ["Goodput", run => goodput(run) === null ? "–" : `${short(goodput(run))} Gbit/s`],
    ["Latency p50", run => time(run.run.latency_ns.p50)],
    ["Latency p99", run => time(run.run.latency_ns.p99)],
    ["Retransmissions", run => count(run.run.retransmits)],
    ["Table hits", run => hitShare(run) === null ? "–" : percent(hitShare(run))],
    ["Inserts without a place", run => count(run.run.table.full)],
    ["Drops", run => count(drops(run))],
    ["PCIe upstream, busiest", run => percent(pcieOf(run, "upstream"))],
    ["PCIe downstream, busiest", run => percent(pcieOf(run, "downstream"))],
    ["Wire frames", run => count(run.run.wire.frames)],
    ["Clocks evaluated", run => run.run.clocks_evaluated + run.run.clocks_skipped === 0 ? "–" : count(run.run.clocks_evaluated)],
    ["Clocks skipped", run => run.run.clocks_evaluated + run.run.clocks_skipped === 0 ? "–" : count(run.run.clocks_skipped)],
  ];

  function table(head, body) {
    const grid = el("table");
    grid.append(el("thead", {}, el("tr", {}, ...head.map(text => el("th", {scope: "col"}, text)))));
    grid.append(el("tbody", {}, ...body.map(cells => el("tr", {}, ...cells.map((text, i) => i === 0 ? el("th", {scope: "row"}, text) : el("td", {}, text))))));
    return el("div", {class: "scroll"}, grid);
  }
  function tiles(run) {
    const list = el("dl", {class: "tiles"});
    const tile = (name, value, note = "") => list.append(el("div", {class: "tile"}, el("dt", {}, name), el("dd", {}, value, el("small", {}, note))));
    const r = run.run;
    tile("Connections", count(r.connections.opened), `${count(r.connections.closed)} closed in order`);
    tile("Delivered", bytes(r.bytes_delivered), r.payload_ok === null ? "not compared" : r.payload_ok ? "every byte as sent (SHA-256)" : "not every file whole");
    tile("Goodput", goodput(run) === null ? "–" : `${short(goodput(run))} Gbit/s`, r.transfer_ns ? `over ${time(r.transfer_ns)}` : "");
    tile("Latency", time(r.latency_ns.p50), `median; p99 ${time(r.latency_ns.p99)}`);
    tile("Retransmissions", count(r.retransmits), `${count(r.wire.frames)} frames on the wire`);
    tile("Table hits", hitShare(run) === null ? "–" : percent(hitShare(run)), `${count(r.table.inserted)} inserted, ${count(r.table.full)} without a place`);
    tile("Drops", count(drops(run)), drops(run) ? "by reason below" : "none");
    tile("PCIe", percent(pcieOf(run, "upstream")), `upstream; downstream ${percent(pcieOf(run, "downstream"))}`);
    tile("Simulated", time(r.sim_time_ps / 1000), r.clocks_evaluated ? `${count(r.clocks_evaluated)} clocks evaluated` : "functional model");
    return list;
  }
  function details(run) {
    const section = el("section");
    const r = run.run;
    const reasons = Object.entries(r.drops).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    section.append(el("h2", {}, "Drops by reason"));
    section.append(reasons.length ? table(["Reason", "Count"], reasons.map(([name, n]) => [name, count(n)])) : el("p", {class: "none"}, "Nothing was dropped."));
    const impaired = Object.entries(r.wire.impairments || {}).flatMap(([way, counters]) =>
      Object.entries(counters).filter(([, n]) => n > 0).map(([name, n]) => [`${way}: ${name}`, count(n)]));
    if (impaired.length) section.append(el("h2", {}, "What the wire did"), table(["Frames", "Count"], impaired));
    const faults = r.machines.flatMap(machine => Object.entries(machine.pcie.faults || {}).map(([name, n]) => [`${machine.name}: ${name}`, count(n)]));
    if (faults.length) section.append(el("h2", {}, "What the PCIe link did"), table(["Fault", "Count"], faults));
    const messages = r.machines.flatMap(machine => machine.messages.map(text => [machine.name, text]));
    if (messages.length) section.append(el("h2", {}, "What the drivers said"), table(["Host", "Message"], messages));
    return section;
  }

  // ---- The page
  const main = document.querySelector("main");
  const failed = runs.filter(run => run.run.errors.length > 0);
  const header = el("header");
  header.append(el("h1", {}, several ? `${runs.length} runs compared` : runs[0].name));
  header.append(el("span", {class: `verdict ${failed.length ? "bad" : "good"}`}, failed.length === 0 ? "✓ complete" : several ? `✗ ${failed.length} failed` : "✗ failed"));
  const button = el("button", {type: "button"}, "Light or dark");
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  header.append(button);
  main.append(header);
  document.title = several ? "Fourtuple: comparison" : `Fourtuple: ${runs[0].name}`;
  for (const run of runs) {
    if (!several) {
      if (run.command) main.append(el("p", {class: "command"}, run.command));
      main.append(el("p", {class: "digest"}, `digest ${run.run.digest}`));
    }
    for (const error of run.run.errors) main.append(el("p", {class: "bad"}, several ? `${run.name}: ${error}` : error));
  }
  if (several) main.append(el("h2", {}, "Figures"), table(["", ...runs.map(run => run.name)], rows.map(([name, value]) => [name, ...runs.map(value)])));
  else main.append(tiles(runs[0]));
  main.append(el("h2", {}, "Over time"));
  if (runs.every(run => !run.series)) main.append(el("p", {class: "none"}, "These runs were made without plots."));
  else main.append(charts(), connections());
  if (several) {
    main.append(el("h2", {}, "Runs"), table(["Run", "Command", "Digest"], runs.map(run => [run.name, run.command || "–", run.run.digest.slice(0, 16) + "…"])));
    const names = [...new Set(runs.flatMap(run => Object.entries(run.run.drops).filter(([, n]) => n > 0).map(([name]) => name)))];
    if (names.length) main.append(el("h2", {}, "Drops by reason"), table(["Reason", ...runs.map(run => run.name)], names.map(name => [name, ...runs.map(run => count(run.run.drops[name] || 0))])));
  } else main.append(details(runs[0]));
})();
