// Niceties. Everything works without them.
'use strict';

const all = (selector) => document.querySelectorAll(selector);

// Copy buttons.
for (const button of all('[data-copies]')) {
  const label = button.textContent;
  button.hidden = !navigator.clipboard;
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// Print buttons.
for (const button of all('[data-prints]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

// A countdown where one has to wait.
for (const line of all('[data-seconds]')) {
  const [words, clock] = line.children;
  const ends = Date.now() + line.dataset.seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    clock.textContent = Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0');
    if (left > 0) return;
    clearInterval(timer);
    clock.hidden = true;
    words.textContent = line.dataset.over;
  };
  const timer = setInterval(tick, 1000);
  clock.hidden = false;
  tick();
}

// What is pasted as "123 456" or "123-456" becomes digits.
for (const input of all('input[inputmode=numeric]')) {
  input.addEventListener('paste', (event) => {
    const digits = event.clipboardData.getData('text').replace(/\D/g, '');
    if (digits) {
      event.preventDefault();
      input.value = digits;
    }
  });
}

// Moments in the reader's own time.
for (const time of all('time')) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

// A look at the password.
for (const input of all('input[data-show]')) {
  const box = document.createElement('div');
  const button = document.createElement('button');
  box.className = 'reveal';
  button.type = 'button';
  button.className = 'quiet';
  button.textContent = input.dataset.show;
  button.setAttribute('aria-controls', input.id);
  const focused = document.activeElement === input;
  input.replaceWith(box);
  box.append(input, button);
  if (focused) input.focus();
  button.addEventListener('click', () => {
    const hidden = input.type === 'password';
    input.type = hidden ? 'text' : 'password';
    button.textContent = hidden ? input.dataset.hide : input.dataset.show;
  });
  input.form.addEventListener('submit', () => { input.type = 'password'; });
}

// A page from the browser's memory is asked for anew: what it showed once is not shown again.
window.addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
