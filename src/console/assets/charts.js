// Charts that answer: what a bar counts under the pointer, and series that can be left out. Each is drawn from the numbers
// that its figure carries, in the colours of the style sheet, over the still drawing that came with the page; the table
// beneath has the same numbers.
"use strict";

(() => {
  const drawn = new Map();
  const root = getComputedStyle(document.documentElement);
  const color = (name) => root.getPropertyValue(name).trim();

  // The same strokes as in the still drawing, so that no series is known by its hue alone.
  function filling(hue, strokes) {
    const side = 8;
    const tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const pen = tile.getContext("2d");
    pen.fillStyle = hue;
    pen.fillRect(0, 0, side, side);
    pen.strokeStyle = pen.fillStyle = color("--card");
    pen.lineWidth = 1.6;
    pen.beginPath();
    if (strokes === "hatch") for (const at of [-side, 0, side]) { pen.moveTo(at, side); pen.lineTo(at + side, 0); }
    if (strokes === "lines") { pen.moveTo(0, side / 2); pen.lineTo(side, side / 2); }
    pen.stroke();
    if (strokes === "dots") { pen.beginPath(); pen.arc(side / 2, side / 2, 1.5, 0, 7); pen.fill(); }
    return strokes ? pen.createPattern(tile, "repeat") : hue;
  }

  function datasets(figure, series) {
    return series.map((one) => {
      const hue = getComputedStyle(figure.querySelector(`.legend .${one.class}`)).color;
      return { label: one.label, data: one.counts, backgroundColor: filling(hue, one.strokes), hue, maxBarThickness: 40 };
    });
  }

  // As many names as there is room for, counted from the end, so that the last bar has its own.
  function nameOf(value, index, all) {
    const every = Math.ceil((all.length * 64) / this.chart.width);
    return (all.length - 1 - index) % every === 0 ? this.getLabelForValue(value) : "";
  }

  function options() {
    const axis = (more) => ({
      stacked: true,
      border: { color: color("--line") },
      ...more,
    });
    const ticks = { color: color("--soft"), precision: 0, maxRotation: 0 };
    return {
      animation: false,
      maintainAspectRatio: false,
      font: { family: root.fontFamily },
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: (item) => item.parsed.y > 0,
          callbacks: { labelColor: ({ dataset }) => ({ backgroundColor: dataset.hue, borderColor: dataset.hue }) },
        },
      },
      scales: {
        x: axis({ grid: { display: false }, ticks: { ...ticks, autoSkip: false, callback: nameOf } }),
        y: axis({ beginAtZero: true, grid: { color: color("--line") }, ticks }),
      },
    };
  }

  // A legend of buttons: pressed is shown.
  function legend(chart, series) {
    const list = document.createElement("p");
    list.className = "legend";
    series.forEach((one, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = `${one.class} ${one.strokes}`;
      button.append(Object.assign(document.createElement("b"), { textContent: one.label }));
      const tell = () => { button.setAttribute("aria-pressed", String(chart.isDatasetVisible(index))); };
      button.addEventListener("click", () => {
        chart.setDatasetVisibility(index, !chart.isDatasetVisible(index));
        chart.update();
        tell();
      });
      tell();
      list.append(button);
    });
    return list;
  }

  function draw(figure, anew) {
    const place = document.getElementById(`${figure.id}-live`);
    if (!place || !window.Chart) return;
    const { names, series } = JSON.parse(figure.dataset.chart);
    figure.hidden = true;
    const before = drawn.get(figure.id);
    const labels = (all) => all.map((one) => one.label).join("\n");
    if (before && !anew && labels(before.data.datasets) === labels(series)) {
      before.data.labels = names;
      series.forEach((one, at) => { before.data.datasets[at].data = one.counts; });
      before.update();
      return;
    }
    const hidden = before?.data.datasets.filter((_, at) => !before.isDatasetVisible(at)).map((one) => one.label) ?? [];
    before?.destroy();
    const frame = document.createElement("div");
    frame.className = "canvas";
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", figure.querySelector("svg > title").textContent);
    frame.append(canvas);
    place.hidden = false;
    place.replaceChildren(frame);
    const data = { labels: names, datasets: datasets(figure, series) };
    series.forEach((one, at) => { data.datasets[at].hidden = hidden.includes(one.label); });
    const chart = new window.Chart(canvas, { type: "bar", data, options: options() });
    if (series.length > 1) place.append(legend(chart, series));
    drawn.set(figure.id, chart);
  }

  const all = (anew) => { for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure, anew); };
  all(true);
  document.addEventListener("htmx:after:swap", () => { all(false); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { all(true); });
})();
