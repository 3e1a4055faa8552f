// Draws the charts, in the page's colours and of the models that the filter shows.
(() => {
  const specs = new Map(
    JSON.parse(document.getElementById("chart-data").textContent).map(({ id, spec }) => [id, spec]),
  );
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let shownModel = "";
  let drawing = Promise.resolve();

  /** The value of a colour of the style sheet, as text that vega understands. */
  function colour(name) {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(${name})`;
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function theme() {
    const [ink, soft, line] = ["--ink", "--soft", "--line"].map(colour);
    const text = {
      labelColor: soft,
      titleColor: soft,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: "normal",
    };
    return {
      background: "transparent",
      font: getComputedStyle(document.querySelector("nav")).fontFamily,
      view: { stroke: null },
      axis: {
        ...text,
        domainColor: line,
        tickColor: line,
        gridColor: line,
        gridOpacity: 0.6,
        labelPadding: 5,
        titlePadding: 8,
      },
      legend: text,
      mark: { color: ink, aria: false },
      range: { category: Array.from({ length: 8 }, (_, index) => colour(`--series-${index}`)) },
    };
  }

  async function draw(figure) {
    const spec = specs.get(figure.dataset.chart);
    const values = spec.data.values.filter(({ model = shownModel }) => shownModel === "" || model === shownModel);
    figure.classList.toggle("empty", values.length === 0);
    if (values.length === 0) return;
    const target = figure.querySelector(".chart");
    await vegaEmbed(
      target,
      { ...spec, data: { values }, config: theme() },
      {
        mode: "vega-lite",
        renderer: "svg",
        actions: false,
        ast: true,
        tooltip: { theme: dark.matches ? "dark" : "light" },
      },
    );
    target.querySelector(".vega-bindings")?.remove(); // an empty form without a name
    target.querySelector("svg").setAttribute("aria-label", spec.description);
  }

  /** One after the other, so that two drawings of a chart never meet. */
  function drawAll() {
    drawing = drawing.then(async () => {
      document.documentElement.dataset.charts = "drawing";
      for (const figure of document.querySelectorAll("figure[data-chart]:not([hidden])")) await draw(figure);
      document.documentElement.dataset.charts = "drawn";
    });
  }

  dark.addEventListener("change", drawAll);
  document.addEventListener("filter", ({ detail }) => {
    shownModel = detail.model;
    drawAll();
  });
  drawAll();
})();
