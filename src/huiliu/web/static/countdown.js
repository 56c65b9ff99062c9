// Keeps the words "还剩 2天3小时" true while the page is open. It only rewrites text: nothing ever happens because a
// countdown ended in a browser; the server's clocks decide.
(function () {
  "use strict";
  function fill(words, facts) {
    return words.replace(/\{(\w+)\}/g, function (_, name) { return facts[name]; });
  }
  function remaining(minutes, words) {
    var days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24, rest = minutes % 60;
    if (days) return fill(hours ? words.daysHours : words.days, { days: days, hours: hours });
    if (hours) return fill(rest ? words.hoursMinutes : words.hours, { hours: hours, minutes: rest });
    return fill(words.minutes, { minutes: rest });
  }
  function tick() {
    document.querySelectorAll("[data-due]").forEach(function (spot) {
      // The server said how long was left when it answered: a wrong clock in the phone does not matter.
      var began = spot.began || (spot.began = performance.now());
      var left = Number(spot.dataset.left) * 1000 - (performance.now() - began);
      var words = spot.dataset;
      spot.textContent = left > 0 ? fill(words.running, { left: remaining(Math.ceil(left / 60000), words) }) : words.over;
    });
  }
  tick();
  setInterval(tick, 15000);
  document.addEventListener("htmx:afterSwap", function () { tick(); reveal(); });
  // Whoever is typing or reading an opened section is not interrupted by the page renewing itself.
  document.addEventListener("htmx:beforeSwap", function (event) {
    var target = event.detail.target;
    if (target.id === "live" && (target.contains(document.activeElement) || target.querySelector("details[open] form"))) {
      event.detail.shouldSwap = false;
    }
  });
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-copy],[data-print]");
    if (!button) return;
    if (button.hasAttribute("data-print")) return window.print();
    if (!navigator.clipboard) return;
    navigator.clipboard.writeText(button.dataset.copy).then(function () {
      button.querySelector("span").textContent = button.dataset.done;
    });
  });
  function reveal() {
    document.querySelectorAll("[data-needs-script]").forEach(function (it) { it.hidden = false; });
  }
  reveal();
  // A form is sent once: a second tap while the first is under way does nothing.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(function () { delete form.dataset.sent; }, 8000);
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (it) { it.open = true; });
  });
  var wrong = document.getElementById("notice");
  if (wrong) wrong.focus();
})();
