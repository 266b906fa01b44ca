// What a page does beyond links and forms: copy a secret, add and remove rows, ask before something final.
"use strict";

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const field = document.getElementById(copy.dataset.copy);
    field.select();
    navigator.clipboard?.writeText(field.value).then(() => { copy.textContent = "Copied"; });
    return;
  }
  const add = event.target.closest("[data-add-row]");
  if (add) {
    const list = document.getElementById(add.dataset.addRow);
    const row = list.lastElementChild.cloneNode(true);
    const index = list.children.length;
    row.querySelectorAll("input, textarea, select").forEach((field) => {
      if (field.tagName !== "SELECT") field.value = "";
      field.name = field.name.replace(/-\d+-/, `-${index}-`);
      if (field.id) field.id = field.id.replace(/-\d+-/, `-${index}-`);
    });
    row.querySelectorAll("[aria-label]").forEach((named) => {
      named.setAttribute("aria-label", named.getAttribute("aria-label").replace(/\d+/, index + 1));
    });
    list.append(row);
    const total = document.getElementById(add.dataset.total || "");
    if (total) total.value = index + 1;
    row.querySelector("input, textarea, select").focus();
    return;
  }
  const remove = event.target.closest("[data-remove-row]");
  if (remove) {
    const row = remove.closest("[data-row]");
    const fields = row.querySelectorAll("input:not([type=hidden]), textarea");
    fields.forEach((field) => { field.value = ""; });
    if (!row.dataset.row && row.parentElement.children.length > 1) row.remove();
    else row.hidden = row.parentElement.querySelectorAll("[data-row]:not([hidden])").length > 1;
  }
});

document.addEventListener("submit", (event) => {
  // A number that is fine where it stays or grows is asked about when it shrinks; an empty one stands for another.
  const shrunk = [...event.target.querySelectorAll("[data-confirm-below]")].find(
    (field) => Number(field.value || field.dataset.whenEmpty) < Number(field.dataset.confirmBelow),
  );
  const question = event.submitter?.dataset.confirm || shrunk?.dataset.question || event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A select that is a link in disguise still has its button for those without scripts.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});
