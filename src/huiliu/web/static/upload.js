// Sends evidence pictures in pieces: shows how far it is, goes on where it stopped when the line was cut, the page was
// reloaded or the phone slept. Without this script the same form sends the picture in one piece.
(function () {
  "use strict";
  var PIECE = 256 * 1024, MIB = 1024 * 1024, LARGE = 4 * MIB, RETRIES_MAX = 8, KEY = "hl-upload:";
  var form = document.getElementById("draft");
  if (!form || !window.fetch || !window.FormData || !window.huiliuSmaller) return;
  var url = form.dataset.uploads, words = form.dataset, BYTES_MAX = Number(words.pictureMib) * MIB;

  function remember(key, value) { try { value ? localStorage.setItem(KEY + key, value) : localStorage.removeItem(KEY + key); } catch (e) { /* private mode */ } }
  function recall(key) { try { return localStorage.getItem(KEY + key); } catch (e) { return null; } }
  function wait(ms) { return new Promise(function (done) { setTimeout(done, ms); }); }

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
      function percent() { return Math.round(100 * offset / blob.size); }
      function next() {
        var end = Math.min(offset + PIECE, blob.size);
        var sending = blob.size > LARGE ? words.wordLarge.replace("{sent}", Math.floor(offset / MIB)).replace("{total}", Math.ceil(blob.size / MIB)) : words.wordSending;
        show(percent(), end === blob.size && offset > 0 ? words.wordChecking : sending);
        return ask("PATCH", "/" + id, blob.slice(offset, end), { "upload-offset": String(offset), "content-type": "application/octet-stream" })
          .then(function (it) {
            if (it.status === 409 && typeof it.body.offset === "number") { offset = it.body.offset; return next(); }
            if (!it.ok || it.body.done) { remember(key, null); return it; }
            failures = 0; offset = it.body.offset;
            return next();
          }, function (error) {
            if (++failures > RETRIES_MAX) throw error;
            show(percent(), words.wordWaiting);
            return wait(Math.min(1000 * Math.pow(2, failures), 20000)).then(function () { return ask("GET", "/" + id); })
              .then(function (it) { if (it.ok) offset = it.body.offset; }, function () {}).then(next);
          });
      }
      return next();
    });
  }

  // The slot as the server shows it now; `told` makes it say what is wrong with the picture that was just taken.
  function renew(slot, told) {
    var query = told ? "?told=" + encodeURIComponent(told) : "";
    return fetch(location.pathname + query, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (html) {
      var fresh = new DOMParser().parseFromString(html, "text/html");
      [slot, "time_gap"].forEach(function (code) { put(fresh.getElementById("slot-" + code), document.getElementById("slot-" + code), code === slot); });
    });
  }

  function put(fresh, old, whole) {
    if (!fresh || !old) return;
    if (!whole) {
      // Of the slot that follows from others only the check's words: its own upload may be under way.
      fresh = fresh.querySelector(".hl-seen"); old = old.querySelector(".hl-seen");
      if (!fresh || !old) return;
    }
    old.replaceWith(fresh);
    if (whole) enhance(fresh);
    if (window.htmx) window.htmx.process(fresh);
  }

  function enhance(root) {
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
        window.huiliuSmaller(file, BYTES_MAX, function () { show(0, words.wordShrinking); }).then(function (blob) { return send(blob, key, file.name, box.dataset.slot, show); }).then(function (it) {
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
