// The search of the schemas' pages. names.js holds what is found: [name, told, page].
(() => {
  const FOUND_MAX = 40;
  const up = document.body.dataset.up;
  const input = document.getElementById('search');
  const found = document.getElementById('found');
  const names = (window.schemaNames || []).map(([name, told, page]) => [name, told, page, `${name} ${told}`.toLowerCase()]);
  const rank = (entry, word) => {
    const last = entry[0].toLowerCase().split(/[.:/]/).pop();
    return last === word ? 0 : last.startsWith(word) ? 1 : 2;
  };
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.length === 0 ? [] : names.filter((entry) => words.every((word) => entry[3].includes(word)));
    hits.sort((a, b) => rank(a, words[0]) - rank(b, words[0]) || a[0].length - b[0].length);
    found.replaceChildren(...hits.slice(0, FOUND_MAX).map(([name, told, page]) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      const note = document.createElement('span');
      link.href = up + page;
      link.textContent = name;
      note.textContent = ` ${told}`;
      item.append(link, note);
      return item;
    }));
    if (words.length > 0 && hits.length === 0) {
      const item = document.createElement('li');
      item.textContent = 'Nothing has this name.';
      found.append(item);
    }
  };
  input.addEventListener('input', show);
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    }
    if (event.key === 'Escape' && document.activeElement === input) {
      input.value = '';
      show();
    }
  });
})();
