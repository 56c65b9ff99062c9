// The desk with scripts: single keys, the evidence viewer, the cursor in the queue. Everything here only presses what is
// on the page; without it every link and form works. Keys are off while typing and while an input method composes.
(function () {
  "use strict";
  var KEYS = "hl-keys-off", marked = -1;
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  function one(selector) { return document.querySelector(selector); }
  function isOff() { try { return localStorage.getItem(KEYS) === "1"; } catch (_) { return false; } }
  function press(selector) { var it = one(selector); if (it) { it.click(); return true; } return false; }

  // ------------------------------------------------------------------------------------------ the cursor in a list
  function mark(step) {
    var rows = all("[data-row]");
    if (!rows.length) return;
    marked = Math.max(0, Math.min(rows.length - 1, marked + step));
    rows.forEach(function (row, at) { row.classList.toggle("is-marked", at === marked); });
    rows[marked].scrollIntoView({ block: "nearest" });
    var link = rows[marked].querySelector("a");
    if (link) link.focus({ preventScroll: true });
  }
  function walk(step) { // on a case, j and k open the neighbours
    var links = all("[data-side] a"), here = -1;
    if (!links.length) return mark(step);
    links.forEach(function (link, at) { if (link.hasAttribute("aria-current")) here = at; });
    var next = links[here + step];
    if (next) next.click();
  }

  // ------------------------------------------------------------------------------------------ the evidence viewer
  var viewer = null, shots = [], at = 0;
  function show(step) {
    at = (at + step + shots.length) % shots.length;
    var shot = shots[at], image = viewer.querySelector("img");
    image.src = shot.href;
    image.alt = shot.querySelector("img").alt;
    viewer.querySelector("figure").classList.remove("is-zoomed");
    viewer.querySelector("[data-caption]").textContent = shot.dataset.caption;
    viewer.querySelector("[data-place]").textContent = at + 1 + " / " + shots.length;
    viewer.querySelector("[data-plain]").href = shot.href;
    var check = viewer.querySelector("[data-open-check]");
    check.hidden = !shot.dataset.check;
    if (shot.dataset.check) check.href = shot.dataset.check;
  }
  function look(shot) {
    viewer = one("#viewer"); // the page's middle may have been renewed
    if (!viewer || !viewer.showModal) return false;
    shots = all("[data-shot]");
    at = Math.max(0, shots.indexOf(shot));
    if (!shots.length) return false;
    var facts = one("#order-facts"), room = viewer.querySelector("[data-facts]");
    if (facts && !room.firstChild) room.appendChild(facts.cloneNode(true)).removeAttribute("id");
    show(0);
    viewer.showModal();
    return true;
  }

  document.addEventListener("click", function (event) {
    var it = event.target.closest ? event.target : null;
    if (!it) return;
    var shot = it.closest("[data-shot]");
    if (shot && !event.ctrlKey && !event.metaKey && !event.shiftKey && look(shot)) return event.preventDefault();
    if (it.closest("[data-step]")) return show(Number(it.closest("[data-step]").dataset.step));
    if (viewer && viewer.open && it.tagName === "IMG") return it.parentNode.classList.toggle("is-zoomed");
    var close = it.closest("[data-close]");
    if (close) return close.closest("dialog").close();
    if (it.closest("[data-keys]")) return openKeys();
    var toggle = it.closest("[data-keys-toggle]");
    if (toggle) {
      try { localStorage.setItem(KEYS, isOff() ? "0" : "1"); } catch (_) { return; }
      label(toggle);
    }
  });
  function label(toggle) { toggle.textContent = isOff() ? toggle.dataset.off : toggle.dataset.on; }
  function openKeys() {
    var sheet = one("#keys");
    if (!sheet || !sheet.showModal) return;
    label(sheet.querySelector("[data-keys-toggle]"));
    sheet.showModal();
  }

  // ------------------------------------------------------------------------------------------ single keys
  var PRESSES = {
    u: "[data-up]", n: "[data-next]", y: "[data-key=y]", p: "[data-key=p]", d: "[data-key=d]", m: "[data-key=m]",
    a: "[data-key=a]"
  };
  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    var field = event.target.closest && event.target.closest("input,textarea,select,[contenteditable]");
    if (field) { if (event.key === "Escape") field.blur(); return; }
    if (viewer && viewer.open) {
      if (event.key === "ArrowLeft") show(-1);
      if (event.key === "ArrowRight") show(1);
      return;
    }
    if (one("dialog[open]")) return;
    if (event.key === "?") return openKeys();
    if (isOff()) return;
    var key = event.key, done = true;
    if (key === "j") walk(1);
    else if (key === "k") walk(-1);
    else if (key === "o") done = press("tr.is-marked a");
    else if (key === "e") done = look(one("[data-shot]"));
    else if (key === "/") { var box = one("[data-search]"); if (box) box.focus(); }
    else done = Boolean(PRESSES[key]) && press(PRESSES[key]);
    if (done) event.preventDefault();
  });

  // A panel that was just opened is typed into at once.
  function settle(event) {
    if (!event.detail.target || event.detail.target.id !== "main") return;
    marked = -1;
    var first = one("#decide [data-first]");
    if (first) first.focus({ preventScroll: true });
  }
  document.addEventListener("htmx:afterSettle", settle);
})();
