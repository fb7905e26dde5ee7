/** @typedef {Node | string | undefined | false} Child */

/**
 * Text from a server enters the document as text only, never as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...Child} children those that are undefined or false are left out
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== undefined && child !== false));
  return node;
}

/**
 * @param {keyof SVGElementTagNameMap} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} children
 */
export function svg(tag, attributes = {}, ...children) {
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

/**
 * Writes only changed text, to avoid needless layout and screen reader output.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Gives a list one row per thing. Existing rows stay and keep the focus.
 * @template {{ node: Element }} Row
 * @param {Element} parent
 * @param {Row[]} rows
 * @param {number} count
 * @param {() => Row} create
 */
export function resize(parent, rows, count, create) {
  while (rows.length > count) rows.pop()?.node.remove();
  while (rows.length < count) {
    const row = create();
    rows.push(row);
    parent.append(row.node);
  }
}

/**
 * Calls at most once per frame.
 * @param {() => void} draw
 */
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
