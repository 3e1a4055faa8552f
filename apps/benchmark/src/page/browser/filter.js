// Shows the rows, tables and charts that the filter asks for.
(() => {
  const form = document.getElementById("filter");
  const output = form.querySelector("output");

  function apply() {
    const { model, dataset, split } = Object.fromEntries(new FormData(form));
    const fits = (element) => {
      const own = element.dataset;
      const models = own.models === undefined ? [own.model] : JSON.parse(own.models);
      return (
        (model === "" || models[0] === undefined || models.includes(model)) &&
        (dataset === "" || own.dataset === undefined || own.dataset === dataset) &&
        (split === "" || own.split === undefined || own.split === split)
      );
    };
    for (const element of document.querySelectorAll("main [data-dataset], main tr[data-model], .legend [data-model]")) {
      element.hidden = !fits(element);
    }
    for (const block of document.querySelectorAll(".block:not([hidden])")) {
      block.hidden = block.querySelector("tbody tr:not([hidden])") === null;
    }
    const rows = [...document.querySelectorAll("#results tbody tr")];
    const shown = rows.filter((row) => row.closest("[hidden]") === null).length;
    output.textContent = `${shown} of ${rows.length} results shown`;
    document.dispatchEvent(new CustomEvent("filter", { detail: { model } }));
  }

  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.classList.add("ready");
})();
