// Pictures before and after they are sent: made smaller only when they must be, and what was said of one is taken back once
// it was read. upload.js sends them.
(function () {
  "use strict";
  var SCALES = [1, 0.8, 0.6, 0.4];

  // What is taken as it is goes as it is: every pixel of a screenshot counts when it is checked. Only a camera picture that
  // would be refused for its size is made smaller, and no more than it takes.
  window.huiliuSmaller = function (file, bytesMax, began) {
    if (file.size <= bytesMax || !/^image\/(jpeg|webp)$/.test(file.type) || !window.URL) return Promise.resolve(file);
    began();
    return new Promise(function (done) {
      var image = new Image(), source = URL.createObjectURL(file);
      image.onerror = function () { URL.revokeObjectURL(source); done(file); };
      image.onload = function () {
        URL.revokeObjectURL(source);
        attempt(image, file, bytesMax, 0, done);
      };
      image.src = source;
    });
  };

  function attempt(image, file, bytesMax, tried, done) {
    if (tried === SCALES.length) return done(file);
    var canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * SCALES[tried]);
    canvas.height = Math.round(image.naturalHeight * SCALES[tried]);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(function (blob) {
      if (blob && blob.size <= bytesMax) return done(blob);
      attempt(image, file, bytesMax, tried + 1, done);
    }, "image/jpeg", 0.92);
  }

  // What the check says replaces what was said before it: what was seen of the picture at once, and the code once it was found.
  document.addEventListener("htmx:afterSettle", function () {
    document.querySelectorAll("#slots .hl-slot").forEach(function (slot) {
      var old = slot.querySelector(".hl-look-steps") ? [] : slot.querySelectorAll("[data-mend]");
      if (slot.querySelector("[data-code-seen]")) old = slot.querySelectorAll("[data-mend],.hl-code");
      old.forEach(function (it) { it.remove(); });
    });
  });
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-mend-done]");
    if (!button) return;
    event.preventDefault();
    button.closest("[data-mend]").remove();
  });
})();
