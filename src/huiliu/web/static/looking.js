// The page of one file with scripts: a box and the row that explains it light up together, and a scene plays from its second.
// Without it a box is a link to its row, and a scene is a link into the video.
(function () {
  "use strict";
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  function one(selector) { return document.querySelector(selector); }
  function tell(mark) { // a box and the row that explains it light up together
    var target = mark && (mark.dataset.mark || mark.dataset.rowOf), room = one("[data-tell]"), words = mark && mark.querySelector("title");
    all(".is-hot").forEach(function (it) { it.classList.remove("is-hot"); });
    if (!target) return;
    all("[data-mark='" + target + "'],[data-row-of='" + target + "']").forEach(function (it) { it.classList.add("is-hot"); });
    if (room && words) { room.textContent = words.textContent; room.hidden = false; }
  }
  function over(event) {
    var it = event.target.closest && event.target.closest("[data-mark],[data-row-of]");
    if (it) tell(it);
  }
  document.addEventListener("mouseover", over);
  document.addEventListener("focusin", over);
  document.addEventListener("click", function (event) {
    var seek = event.target.closest && event.target.closest("[data-seek]"), film = one("#film video");
    if (!seek || !film) return;
    film.currentTime = Number(seek.dataset.seek);
    film.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  });
  function still(scene) { // a scene's own frame is fetched when the scene is looked at
    var film = scene.open && scene.querySelector("[data-still]");
    if (film && film.preload !== "metadata") { film.preload = "metadata"; film.removeAttribute("poster"); film.load(); }
  }
  document.addEventListener("toggle", function (event) { if (event.target.classList.contains("hld-scene")) still(event.target); }, true);
  all(".hld-scene[open]").forEach(still);
})();
