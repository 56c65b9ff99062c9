// The policy workshop with scripts: a line in the checks leads to that line of the text, and an answer that refuses is
// shown like any other. Without it every form posts and every link works.
(function () {
  "use strict";
  function one(selector) { return document.querySelector(selector); }

  // ------------------------------------------------------------------------------------------ the text and its lines
  function jump(line) {
    var text = one("#source");
    if (!text) { location.search = "?tab=source&line=" + line; return; }
    var lines = text.value.split("\n"), start = 0, at = 0;
    for (at = 0; at < line - 1 && at < lines.length - 1; at++) start += lines[at].length + 1;
    text.focus();
    text.setSelectionRange(start, start + lines[at].length);
    text.scrollTop = Math.max(0, (text.scrollHeight / lines.length) * (line - 4));
    where();
  }
  function where() {
    var text = one("#source"), shown = one("[data-caret]");
    if (!text || !shown) return;
    var before = text.value.slice(0, text.selectionStart).split("\n");
    shown.hidden = false;
    shown.textContent = before.length + ":" + (before[before.length - 1].length + 1);
  }
  document.addEventListener("click", function (event) {
    var line = event.target.closest && event.target.closest("[data-line]");
    if (line) jump(Number(line.dataset.line));
    else if (event.target.id === "source") where();
  });
  document.addEventListener("keyup", function (event) { if (event.target.id === "source") where(); });
  var wanted = /[?&]line=(\d{1,6})/.exec(location.search);
  if (wanted && one("#source")) jump(Number(wanted[1]));

  // On a phone the tabs are wider than the screen: the one we are on comes into view.
  var tab = one(".hlw-tabs [aria-current]");
  if (tab) tab.parentNode.scrollLeft = tab.offsetLeft - tab.parentNode.offsetLeft - 24;

  // ------------------------------------------------------------------------------------------ a form that was just opened
  var first = one("#clause-form [data-first]");
  if (first && location.hash) first.focus({ preventScroll: true });

  // htmx leaves out answers that refuse; here they carry the reason and what was typed.
  document.addEventListener("htmx:beforeSwap", function (event) {
    var status = event.detail.xhr.status;
    if (status >= 400 && status < 500 && /text\/html/.test(event.detail.xhr.getResponseHeader("content-type") || "")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
})();
