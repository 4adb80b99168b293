// Search without a server: every word typed must begin a word of the section; titles count more than text.
(() => {
  const field = document.getElementById("search"), list = document.getElementById("found");
  const flat = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  const starts = (text, word) => {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
      if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1])) return at;
    return -1;
  };

  function search(query) {
    const words = flat(query).split(/\s+/).filter(Boolean), hits = [];
    if (!words.length) return hits;
    for (const [title, heading, address, body] of window.sections) {
      const head = flat(title + " " + heading), text = flat(body);
      let rank = 0, at = -1;
      for (const word of words) {
        const inHead = starts(head, word) >= 0, inText = starts(text, word);
        if (!inHead && inText < 0) { rank = 0; break; }
        rank += inHead ? 3 : 1;
        if (at < 0) at = inText;
      }
      if (rank) hits.push({ rank, title, heading, address, body, at });
    }
    return hits.sort((a, b) => b.rank - a.rank).slice(0, 12);
  }

  function element(name, text, kind) {
    const made = document.createElement(name);
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  function show() {
    const hits = search(field.value);
    list.replaceChildren(...hits.map((hit) => {
      const item = document.createElement("li"), link = element("a", "");
      const near = Math.max(0, hit.at - 40), from = near && hit.body.indexOf(" ", near) + 1;
      const piece = hit.body.slice(from, from + 130).replace(/\s\S*$/, "");
      link.href = hit.address;
      link.append(element("strong", hit.title), element("span", hit.heading), element("small", (from ? "… " : "") + piece + " …"));
      item.append(link);
      return item;
    }));
    if (field.value.trim() && !hits.length) list.append(element("li", "Nothing was found.", "none"));
    list.hidden = !list.children.length;
  }

  const links = () => [...list.querySelectorAll("a")];
  field.addEventListener("input", show);
  addEventListener("click", (event) => { if (!event.target.closest(".search")) list.hidden = true; else if (event.target === field) show(); });
  addEventListener("keydown", (event) => {
    const typing = /^(input|textarea)$/i.test(event.target.tagName), at = links().indexOf(document.activeElement);
    if (event.key === "/" && !typing) { event.preventDefault(); field.focus(); }
    if (event.key === "Escape") { list.hidden = true; field.blur(); }
    if (event.key === "Enter" && event.target === field) links()[0]?.click();
    if (!list.hidden && (at >= 0 || event.target === field) && /^Arrow(Up|Down)$/.test(event.key)) {
      event.preventDefault();
      (links()[at + (event.key === "ArrowDown" ? 1 : -1)] ?? field).focus();
    }
  });
})();
