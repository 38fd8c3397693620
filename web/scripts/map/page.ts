// What the server put into the page as data.
export function read<Kind>(id: string): Kind {
  const block = document.getElementById(id);
  if (!block?.textContent) throw new Error(`the page has no ${id}`);
  return JSON.parse(block.textContent) as Kind;
}

export function element<Kind extends HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as Kind;
}
