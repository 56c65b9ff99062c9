// Sends evidence pictures in pieces: shows how far it is, goes on where it stopped when the line was cut, the page was
// reloaded or the phone slept. Without this script the same form sends the picture in one piece.
(function () {
  "use strict";
  var PIECE = 256 * 1024, SIDE_MAX = 2500, LONG = 3, RETRIES_MAX = 8, KEY = "hl-upload:";
  var form = document.getElementById("draft");
  if (!form || !window.fetch || !window.FormData) return;
  var url = form.dataset.uploads, words = form.dataset;

  function remember(key, value) { try { value ? localStorage.setItem(KEY + key, value) : localStorage.removeItem(KEY + key); } catch (e) { /* private mode */ } }
  function recall(key) { try { return localStorage.getItem(KEY + key); } catch (e) { return null; } }
  function wait(ms) { return new Promise(function (done) { setTimeout(done, ms); }); }

  // A camera picture of 12 megapixels is more than anybody reads; a screenshot goes as it is, a long one above all.
  function shrink(file) {
    if (!/^image\/(jpeg|webp)$/.test(file.type) || !window.URL) return Promise.resolve(file);
    return new Promise(function (done) {
      var image = new Image(), source = URL.createObjectURL(file);
      image.onerror = function () { URL.revokeObjectURL(source); done(file); };
      image.onload = function () {
        URL.revokeObjectURL(source);
        var longest = Math.max(image.naturalWidth, image.naturalHeight), scale = SIDE_MAX / longest;
        if (scale >= 1 || longest > LONG * Math.min(image.naturalWidth, image.naturalHeight)) return done(file);
        var canvas = document.createElement("canvas");
        canvas.width = Math.round(image.naturalWidth * scale);
        canvas.height = Math.round(image.naturalHeight * scale);
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(function (blob) { done(blob && blob.size < file.size ? blob : file); }, "image/jpeg", 0.9);
      };
      image.src = source;
    });
  }

  // Answers {ok, body}; rejects only when the line is cut or the server stumbles, which is worth another try.
  function ask(method, path, body, headers) {
    return fetch(url + path, {
      method: method, body: body, credentials: "same-origin",
      headers: Object.assign({ "x-form-token": words.token, "accept": "application/json" }, headers || {})
    }).then(function (answer) {
      if (answer.status >= 500) throw new Error("server");
      return answer.json().then(function (said) { return { ok: answer.ok, status: answer.status, body: said }; });
    });
  }

  function send(blob, key, name, slot, show) {
    function begin() {
      remember(key, null);
      return ask("POST", "", JSON.stringify({ slot: slot, bytes_total: blob.size, file_name: name }), { "content-type": "application/json" });
    }
    var known = recall(key);
    var first = known ? ask("GET", "/" + known) .then(function (it) {
      return it.ok && it.body.total === blob.size ? it : begin();
    }) : begin();
    return first.then(function (started) {
      if (!started.ok) return started;
      var id = started.body.id, offset = started.body.offset, failures = 0;
      remember(key, id);
      function next() {
        var end = Math.min(offset + PIECE, blob.size);
        show(Math.round(100 * offset / blob.size), end === blob.size && offset > 0 ? words.wordChecking : words.wordSending);
        return ask("PATCH", "/" + id, blob.slice(offset, end), { "upload-offset": String(offset), "content-type": "application/octet-stream" })
          .then(function (it) {
            if (it.status === 409 && typeof it.body.offset === "number") { offset = it.body.offset; return next(); }
            if (!it.ok || it.body.done) { remember(key, null); return it; }
            failures = 0; offset = it.body.offset;
            return next();
          }, function (error) {
            if (++failures > RETRIES_MAX) throw error;
            show(Math.round(100 * offset / blob.size), words.wordWaiting);
            return wait(Math.min(1000 * Math.pow(2, failures), 20000)).then(function () { return ask("GET", "/" + id); })
              .then(function (it) { if (it.ok) offset = it.body.offset; }, function () {}).then(next);
          });
      }
      return next();
    });
  }

  function renew(slot) {
    return fetch(location.href, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (html) {
      var fresh = new DOMParser().parseFromString(html, "text/html").getElementById("slot-" + slot);
      var old = document.getElementById("slot-" + slot);
      if (fresh && old) { old.replaceWith(fresh); enhance(fresh); }
    });
  }

  // What is wrong with a picture that was taken: said at once, so that a better one can follow before the claim is sent.
  function advise(slot, problems) {
    var said = document.querySelector("[data-slot='" + slot + "'] [data-said]");
    if (said) said.textContent = problems.map(function (it) { return it.title + " " + it.next; }).join(" ");
  }

  function enhance(root) {
    root.querySelectorAll("[data-slot]").forEach(function (box) {
      var input = box.querySelector("input[type=file]"), plain = box.querySelector("[data-plain]");
      var pick = box.querySelector("[data-pick]"), meter = box.querySelector("progress"), said = box.querySelector("[data-said]");
      var holder = document.createElement("span");
      holder.className = "hl-pick";
      input.parentNode.insertBefore(holder, input);
      holder.appendChild(input);
      holder.appendChild(pick);
      plain.hidden = true; pick.hidden = false;
      input.addEventListener("change", function () {
        var file = input.files[0];
        if (!file) return;
        function show(percent, text) {
          meter.hidden = false; meter.value = percent;
          said.textContent = text.replace("{percent}", percent);
        }
        input.disabled = true;
        show(0, words.wordSending);
        var key = [url, box.dataset.slot, file.name, file.size, file.lastModified].join("|");
        shrink(file).then(function (blob) { return send(blob, key, file.name, box.dataset.slot, show); }).then(function (it) {
          if (it.ok) return renew(box.dataset.slot).then(function () { advise(box.dataset.slot, it.body.problems || []); });
          meter.hidden = true;
          said.textContent = it.body.title + " " + it.body.next;
        }).catch(function () { said.textContent = words.wordFailed; }).then(function () {
          input.disabled = false; input.value = "";
        });
      });
    });
  }
  enhance(document);
})();
