// Everything works without this file: it ticks all rows at once, keeps the progress of backups and of linking up to date,
// tests connections in place, tells how far an upload has come, and tells the server the time zone in which to write times.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `tz=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${secure}`;
}

for (const all of document.querySelectorAll("[data-ticks]")) {
  const boxes = () => [...document.querySelectorAll(`input[name="${all.dataset.ticks}"]`)];
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
  });
  document.addEventListener("change", (event) => {
    if (event.target.name !== all.dataset.ticks) return;
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  });
}

// A row, or a part of a page, for which something is at work names where it can be fetched anew.
const refresh = async (element) => {
  try {
    const response = await fetch(element.dataset.live, { headers: { Accept: "text/html" } });
    if (response.redirected || [403, 404].includes(response.status)) return location.reload();
    if (!response.ok) throw new Error(response.status);
    const fresh = document.createElement("template");
    fresh.innerHTML = await response.text();
    const next = fresh.content.querySelector("[data-part]");
    if (!next) return;
    const ticked = element.querySelector("input[type=checkbox]")?.checked;
    const focus = element.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    element.replaceWith(next);
    const box = next.querySelector("input[type=checkbox]");
    if (box && ticked) box.checked = true;
    if (focus) next.querySelector(`[data-focus="${focus}"]`)?.focus();
    watch(next);
  } catch {
    watch(element);
  }
};
const watch = (element) => {
  if (element.dataset.live) setTimeout(() => refresh(element), 1500);
};
document.querySelectorAll("[data-live]").forEach(watch);

// A form that is being sent is not sent twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A file that is uploaded tells how far it has come, and can be stopped.
for (const form of document.querySelectorAll("form[data-upload]")) {
  const part = (name) => form.querySelector(`[data-upload-${name}]`);
  const [shown, state, percent, problem] = ["progress", "state", "percent", "problem"].map(part);
  const bar = shown.querySelector("progress");
  const buttons = form.querySelector(".buttons");
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const request = new XMLHttpRequest();
    const end = (text) => {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
      shown.hidden = true;
      buttons.hidden = false;
      problem.hidden = false;
      problem.textContent = text;
    };
    const tell = (done) => {
      bar.value = done;
      percent.textContent = `${Math.floor(done * 100)}%`;
    };
    request.upload.addEventListener("progress", ({ loaded, total }) => total && tell(loaded / total));
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      percent.textContent = "";
      state.textContent = form.dataset.checking;
      part("stop").hidden = true; // What was sent is attached, whether or not anybody waits for the answer.
    });
    request.addEventListener("load", () => {
      const next = request.getResponseHeader("Location");
      if (request.status === 201 && next) return location.assign(next);
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      end(page.querySelector(".problem-text")?.textContent || form.dataset.broken);
    });
    request.addEventListener("error", () => end(form.dataset.broken));
    request.addEventListener("abort", () => end(form.dataset.stopped));
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    part("stop").onclick = () => request.abort();
    problem.hidden = true;
    buttons.hidden = true;
    shown.hidden = part("stop").hidden = false;
    state.textContent = state.dataset.sending;
    tell(0);
    request.send(new FormData(form));
  });
}

// The connection is tested without leaving the page, so that nothing that was typed is lost.
for (const button of document.querySelectorAll("[data-test]")) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const result = document.getElementById("test-result");
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(button.form));
      const response = await fetch(button.formAction, { method: "POST", body });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const answer = page.getElementById("test-result") ?? page.querySelector(".problem-text");
      result.replaceChildren(...(answer?.id ? answer.childNodes : answer ? [answer] : []));
      result.scrollIntoView({ block: "nearest" });
    } catch {
      button.form.requestSubmit(button);
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });
}

// Fields of a server are for account types whose server is not known.
for (const select of document.querySelectorAll("[data-presets]")) {
  const server = select.form.querySelector("[data-server]");
  const show = () => (server.hidden = !["imap", "pop3"].includes(select.value));
  select.addEventListener("change", show);
  show();
}
