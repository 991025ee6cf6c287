// The page's own part: light and dark, and what the pointer is on. Without it the page still shows everything.
const root = document.documentElement;
document.getElementById('theme').addEventListener('click', () => {
  const dark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
});

// The browser shows a <title> late, small, and never for a finger: it becomes an attribute that the tip below shows.
for (const title of document.querySelectorAll('.panel svg title')) {
  title.parentElement.dataset.tip = title.textContent;
  title.remove();
}

const tip = document.getElementById('tip');
function showTip(event) {
  const target = event.target instanceof Element ? event.target.closest('[data-tip]') : null;
  tip.hidden = target === null;
  if (target === null) return;
  tip.textContent = target.dataset.tip;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, innerWidth - width - 8);
  const above = event.clientY - height - 12;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above < 8 ? event.clientY + 18 : above}px`;
}
document.addEventListener('pointermove', showTip);
document.addEventListener('pointerdown', showTip);
document.addEventListener('scroll', () => (tip.hidden = true), { passive: true });
