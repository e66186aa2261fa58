"use strict";
{
  const form = document.querySelector("#filter");
  const shown = document.querySelector("#shown");
  const cases = [...document.querySelectorAll(".case")];
  const texts = new Map();

  /** The text of a case in lower case, taken when it is first searched. */
  function textOf(one) {
    if (!texts.has(one)) texts.set(one, one.textContent.toLowerCase());
    return texts.get(one);
  }

  function matches(one, asked) {
    const words = asked.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    return (
      ["outcome", "type", "half"].every((name) => !asked.get(name) || one.dataset[name] === asked.get(name)) &&
      (!asked.get("lost") || one.dataset.lost.split(" ").includes(asked.get("lost"))) &&
      (!asked.has("changed") || "changed" in one.dataset) &&
      words.every((word) => textOf(one).includes(word))
    );
  }

  function filter() {
    const asked = new FormData(form);
    let count = 0;
    for (const one of cases) {
      one.hidden = !matches(one, asked);
      count += !one.hidden;
    }
    shown.textContent = `${count} of ${cases.length} cases`;
  }

  /** Opens the case that the address names, even if the filter hides it. */
  function openNamed() {
    const named = cases.find((one) => one.id === location.hash.slice(1));
    if (!named) return;
    named.hidden = false;
    named.open = true;
    named.scrollIntoView();
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  // The fields are cleared only after this event.
  form.addEventListener("reset", () => setTimeout(filter));
  addEventListener("hashchange", openNamed);
  form.hidden = false;
  filter();
  openNamed();
}
