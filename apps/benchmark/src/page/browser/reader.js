// Shows documents with their entities, the relations found in them, and what the model went by.
(() => {
  const runs = JSON.parse(document.getElementById("reader-data").textContent);
  if (runs.length === 0) return;
  const find = (id) => document.getElementById(`reader-${id}`);
  const parts = { run: find("run"), document: find("document"), text: find("text"), relations: find("relations") };
  const groups = [
    ["right", "Found, and right", "✓"],
    ["missed", "Missed", "○"],
    ["wrong", "Found, but wrong", "✗"],
    ["unknown", "Found", "•"],
  ];
  /** Where the text stands above the relations, not beside them. */
  const narrow = matchMedia("(max-width: 52rem)");
  let shown;

  function create(tag, properties = {}, ...children) {
    const { data = {}, style = {}, attributes = {}, ...rest } = properties;
    const element = Object.assign(document.createElement(tag), rest);
    Object.assign(element.dataset, data);
    for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== undefined));
    return element;
  }

  /** Colours far apart for entities that follow one another. */
  const hueOf = (entity) => ({ "--hue": String(Math.round((entity * 137.5) % 360)) });

  function chip(entity) {
    return create(
      "span",
      { className: "chip", style: hueOf(entity) },
      shown.entities[entity].name,
      create("sub", { attributes: { "aria-hidden": "true" } }, String(entity)),
    );
  }

  function showRun() {
    const { documents } = runs[parts.run.value];
    const before = Math.min(Math.max(0, parts.document.selectedIndex), documents.length - 1);
    parts.document.replaceChildren(...documents.map(({ id }, index) => create("option", { value: String(index) }, id)));
    parts.document.selectedIndex = before;
    showDocument();
  }

  function showDocument() {
    const { documents } = runs[parts.run.value];
    const index = parts.document.selectedIndex;
    shown = documents[index];
    find("previous").disabled = index === 0;
    find("next").disabled = index === documents.length - 1;
    find("count").textContent = `${index + 1} of ${documents.length}`;
    parts.text.replaceChildren(...shown.sentences.map((words, sentence) => showSentence(words, sentence)));
    showRelations();
    showEntities();
    select(undefined);
  }

  /** Whether no space is set before a word. */
  const isClosing = (word) => /^[.,;:!?%)\]’”]+$|^['’]s$/.test(word);

  /** A sentence in which mentions are wrapped; of two that cross, the later one ends with the earlier one. */
  function showSentence(words, sentence) {
    const mentions = shown.entities
      .flatMap(({ mentions: places, verdict }, entity) =>
        places.map(([where, start, end]) => ({ entity, verdict, where, start, end })),
      )
      .filter(({ where }) => where === sentence)
      .toSorted((one, other) => one.start - other.start || other.end - one.end);
    let next = 0;
    const spaceBefore = (word) => (isClosing(words[word] ?? "") ? "" : " ");
    const fill = (parent, from, to) => {
      let word = from;
      while (word < to) {
        const mention = mentions[next];
        if (mention !== undefined && mention.start <= word) {
          next += 1;
          const end = Math.min(mention.end, to);
          if (end <= word) continue;
          const { entity, verdict } = mention;
          const { name, type } = shown.entities[entity];
          const mark = create("span", {
            className: "mention",
            title: `${name} · ${type}`,
            data: { entity, ...(verdict && { verdict }) },
            style: hueOf(entity),
          });
          fill(mark, word, end);
          mark.append(create("sub", { attributes: { "aria-hidden": "true" } }, String(entity)));
          word = end;
          parent.append(mark, spaceBefore(word));
        } else {
          const text = create("span", { className: "word", data: { word } }, words[word]);
          word += 1;
          parent.append(text, spaceBefore(word));
        }
      }
      if (parent.lastChild?.nodeType === Node.TEXT_NODE) parent.lastChild.remove();
    };
    const line = create("p", { data: { sentence } });
    fill(line, 0, words.length);
    return line;
  }

  function showRelations() {
    const lists = groups.flatMap(([verdict, title, sign]) => {
      const relations = shown.relations.filter((relation) => relation.verdict === verdict);
      if (relations.length === 0) return [];
      const items = relations.map((relation) => {
        const { head, tail, relation: name, score } = relation;
        const label = create("span", { className: "name" }, name);
        const detail = score === undefined ? undefined : create("small", {}, score.toFixed(2));
        const button = create(
          "button",
          { type: "button", attributes: { "aria-pressed": "false" } },
          create("span", { className: "fact" }, chip(head), " ", label, " ", chip(tail)),
          detail,
        );
        button.addEventListener("click", () => select(button.ariaPressed === "true" ? undefined : relation));
        button.relation = relation;
        return create("li", {}, button);
      });
      return [
        create(
          "h3",
          { data: { verdict } },
          create("span", { attributes: { "aria-hidden": "true" } }, `${sign} `),
          `${title} `,
          create("small", {}, String(relations.length)),
        ),
        create("ul", {}, ...items),
      ];
    });
    const nothing = create("p", { className: "soft" }, "No relations, neither labelled nor found.");
    parts.relations.replaceChildren(...(lists.length > 0 ? lists : [nothing]));
  }

  function showEntities() {
    const items = shown.entities.map(({ type, foundType, verdict }, entity) => {
      const found = foundType === undefined ? "" : `, found as ${foundType}`;
      const said =
        { missed: ", not found", wrong: foundType === undefined ? ", found but not labelled" : found }[verdict] ?? "";
      return create("li", {}, chip(entity), create("small", {}, ` ${type}${said}`));
    });
    find("entities").replaceChildren(create("h3", {}, "Entities"), create("ul", {}, ...items));
  }

  /** Marks a relation's entities and evidence in the text and shows what the model went by; of nothing, clears all. */
  function select(relation) {
    for (const button of parts.relations.querySelectorAll("button"))
      button.ariaPressed = String(button.relation === relation);
    const { head, tail, evidence = [], explanation } = relation ?? {};
    parts.text.classList.toggle("chosen", relation !== undefined);
    for (const mention of parts.text.querySelectorAll(".mention")) {
      const entity = Number(mention.dataset.entity);
      mention.classList.toggle("head", entity === head);
      mention.classList.toggle("tail", entity === tail);
    }
    for (const line of parts.text.children)
      line.classList.toggle("evidence", evidence.includes(Number(line.dataset.sentence)));
    shade(explanation?.words);
    if (relation !== undefined && narrow.matches) parts.text.scrollIntoView({ block: "start" });
    find("explanation").replaceChildren(...(relation === undefined ? [] : explain(relation)));
  }

  /** Shades words by their weight; the heaviest is darkest. */
  function shade(weights) {
    const most = Math.max(0, ...(weights ?? []).flat());
    for (const word of parts.text.querySelectorAll(".word")) {
      const sentence = Number(word.closest("[data-sentence]").dataset.sentence);
      const weight = weights?.[sentence]?.[Number(word.dataset.word)] ?? 0;
      const share = most > 0 ? weight / most : 0;
      word.style.setProperty("--weight", share.toFixed(3));
      word.classList.toggle("shaded", share > 0.02);
    }
  }

  function explain({ head, tail, relation, verdict, evidence = [], explanation }) {
    const said = { right: "found, and right", missed: "missed", wrong: "found, but wrong", unknown: "found" }[verdict];
    const lines = [create("p", {}, chip(head), ` ${relation} `, chip(tail), ` — ${said}.`)];
    if (evidence.length > 0) {
      const numbers = evidence.map((sentence) => sentence + 1).join(", ");
      lines.push(
        create(
          "p",
          { className: "soft" },
          `Labelled evidence: ${evidence.length === 1 ? "sentence" : "sentences"} ${numbers}.`,
        ),
      );
    }
    if (explanation?.words) {
      const all = explanation.words.flatMap((weights, sentence) =>
        weights.map((weight, word) => ({ weight, word: shown.sentences[sentence][word] })),
      );
      const whole = all.reduce((sum, { weight }) => sum + weight, 0) || 1;
      const heaviest = all
        .toSorted((one, other) => other.weight - one.weight)
        .slice(0, 6)
        .map(({ weight, word }) => `${word} ${((100 * weight) / whole).toFixed(0)} %`);
      const text = `${explanation.title}, shaded in the text. Of the weight on words: ${heaviest.join(", ")}.`;
      lines.push(create("p", { className: "soft" }, text));
    }
    if (explanation?.paths) {
      const ways = explanation.paths.map((path) =>
        create("li", {}, ...path.flatMap((entity, step) => (step === 0 ? [chip(entity)] : [" → ", chip(entity)]))),
      );
      const title = ways.length === 0 ? `${explanation.title}: none.` : `${explanation.title}:`;
      lines.push(create("p", { className: "soft" }, title), create("ul", { className: "paths" }, ...ways));
    }
    return lines;
  }

  function turn(by) {
    parts.document.selectedIndex += by;
    showDocument();
  }

  parts.run.addEventListener("change", showRun);
  parts.document.addEventListener("change", showDocument);
  find("previous").addEventListener("click", () => turn(-1));
  find("next").addEventListener("click", () => turn(1));
  parts.relations.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...parts.relations.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(document.activeElement) + by];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  });
  parts.text.addEventListener("click", ({ target }) => {
    const entity = Number(target.closest(".mention")?.dataset.entity ?? NaN);
    const relation = shown.relations.find(({ head, tail }) => head === entity || tail === entity);
    if (relation !== undefined) select(relation);
  });
  showRun();
})();
