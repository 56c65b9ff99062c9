// Sends evidence pictures in pieces: shows how far it is, goes on where it stopped when the line was cut, the page was
// reloaded or the phone slept. Without this script the same form sends the picture in one piece.
(function () {
  "use strict";
  var PIECE = 256 * 1024, MIB = 1024 * 1024, LARGE = 4 * MIB, SCALES = [1, 0.8, 0.6, 0.4], RETRIES_MAX = 8, KEY = "hl-upload:";
  var form = document.getElementById("draft");
  if (!form || !window.fetch || !window.FormData) return;
  var url = form.dataset.uploads, words = form.dataset, BYTES_MAX = Number(words.pictureMib) * MIB;

  function remember(key, value) { try { value ? localStorage.setItem(KEY + key, value) : localStorage.removeItem(KEY + key); } catch (e) { /* private mode */ } }
  function recall(key) { try { return localStorage.getItem(KEY + key); } catch (e) { return null; } }
  function wait(ms) { return new Promise(function (done) { setTimeout(done, ms); }); }

  // What is taken as it is goes as it is: every pixel of a screenshot counts when it is checked. Only a camera picture that
  // would be refused for its size is made smaller, and no more than it takes.
  function shrink(file, show) {
    if (file.size <= BYTES_MAX || !/^image\/(jpeg|webp)$/.test(file.type) || !window.URL) return Promise.resolve(file);
    show(0, words.wordShrinking);
    return new Promise(function (done) {
      var image = new Image(), source = URL.createObjectURL(file);
      image.onerror = function () { URL.revokeObjectURL(source); done(file); };
      image.onload = function () {
        URL.revokeObjectURL(source);
        smaller(image, file, 0, done);
      };
      image.src = source;
    });
  }

  function smaller(image, file, tried, done) {
    if (tried === SCALES.length) return done(file);
    var canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * SCALES[tried]);
    canvas.height = Math.round(image.naturalHeight * SCALES[tried]);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(function (blob) {
      if (blob && blob.size <= BYTES_MAX) return done(blob);
      smaller(image, file, tried + 1, done);
    }, "image/jpeg", 0.92);
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
        var sending = blob.size > LARGE ? words.wordLarge.replace("{sent}", Math.floor(offset / MIB)).replace("{total}", Math.ceil(blob.size / MIB)) : words.wordSending;
        show(Math.round(100 * offset / blob.size), end === blob.size && offset > 0 ? words.wordChecking : sending);
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

  // The slot as the server shows it now; `told` makes it say what is wrong with the picture that was just taken, so that a
  // better one can follow before the claim is sent.
  function renew(slot, told) {
    var query = told ? "?told=" + encodeURIComponent(told) : "";
    return fetch(location.pathname + query, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (html) {
      var fresh = new DOMParser().parseFromString(html, "text/html");
      [slot, "time_gap"].forEach(function (code) { put(fresh.getElementById("slot-" + code), document.getElementById("slot-" + code), code === slot); });
    });
  }

  // What the check says replaces what was said before it: what was seen of the picture at once, and the code once it was found.
  document.addEventListener("htmx:afterSettle", function () {
    document.querySelectorAll("#slots .hl-slot").forEach(function (slot) {
      var old = slot.querySelector(".hl-look-steps") ? [] : slot.querySelectorAll("[data-mend]");
      if (slot.querySelector("[data-code-seen]")) old = slot.querySelectorAll("[data-mend],.hl-code");
      old.forEach(function (it) { it.remove(); });
    });
  });

  function put(fresh, old, whole) {
    if (!fresh || !old) return;
    if (!whole) {
      // Of the slot that follows from others only what the check says is renewed: its own upload may be under way.
      fresh = fresh.querySelector(".hl-seen"); old = old.querySelector(".hl-seen");
      if (!fresh || !old) return;
    }
    old.replaceWith(fresh);
    if (whole) enhance(fresh);
    if (window.htmx) window.htmx.process(fresh);
  }

  function enhance(root) {
    root.querySelectorAll("[data-mend-done]").forEach(function (button) {
      button.addEventListener("click", function (event) {
        event.preventDefault();
        button.closest("[data-mend]").remove();
      });
    });
    root.querySelectorAll("[data-needs-script]").forEach(function (it) { it.hidden = false; });
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
        shrink(file, show).then(function (blob) { return send(blob, key, file.name, box.dataset.slot, show); }).then(function (it) {
          if (it.ok) return renew(box.dataset.slot, (it.body.problems || []).length ? it.body.told : "");
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
