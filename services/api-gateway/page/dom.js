/**
 * Text from a server enters the document as text only, never as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** @type {(tag: keyof SVGElementTagNameMap, attributes: object, ...children: (Node | string)[]) => SVGElement} */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * @template {HTMLElement} Element
 * @param {string} id
 * @param {new () => Element} type
 * @returns {Element}
 */
export function byId(id, type) {
  const node = document.getElementById(id);
  if (!(node instanceof type)) throw new Error(`the page has no ${type.name} with the id ${id}`);
  return node;
}

/** Changes only other text: less layout and screen reader output. @type {(node: Node, text: string) => void} */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @type {(node: Element, name: string, value: string) => void} */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * A list with one row per thing. Existing rows stay and keep the focus.
 * @template Thing
 * @param {Element} parent
 * @param {() => { node: Element, show: (thing: Thing) => void }} create
 * @returns {(things: readonly Thing[]) => void} shows the things
 */
export function createRows(parent, create) {
  /** @type {ReturnType<typeof create>[]} */
  const rows = [];
  return (things) => {
    while (rows.length > things.length) rows.pop()?.node.remove();
    for (const [index, thing] of things.entries()) {
      const row = rows[index] ?? create();
      if (index === rows.length) {
        rows.push(row);
        parent.append(row.node);
      }
      row.show(thing);
    }
  };
}

/** Calls at most once per frame. @param {() => void} draw */
export function oncePerFrame(draw) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw();
    });
  };
}
