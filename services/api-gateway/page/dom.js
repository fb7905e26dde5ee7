import { shortId } from './format.js';

/**
 * Text from a server enters the document as text only, never as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** @type {(className: string, ...children: (Node | string)[]) => HTMLElement} */
export const span = (className, ...children) => element('span', { class: className }, ...children);

/** @type {(tag: keyof SVGElementTagNameMap, attributes: object, ...children: (Node | string)[]) => SVGElement} */
export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

/** @type {<T extends Element>(node: T, attributes: object, children: (Node | string)[]) => T} */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** A button that opens the order; `main.js` handles the click. @param {string} orderId */
export const orderLink = (orderId) =>
  element('button', { type: 'button', class: 'link mono', title: orderId, 'data-order': orderId }, shortId(orderId));

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

/**
 * Makes the content of an element equal to the given nodes. Nodes in the same place with the same tag and the same
 * `data-key` are updated, not replaced: one may have the focus, or someone may be reading it.
 * @type {(parent: Element, content: (Node | string)[]) => void}
 */
export function show(parent, content) {
  const wanted = new DocumentFragment();
  wanted.append(...content);
  while (parent.childNodes.length > wanted.childNodes.length) parent.lastChild?.remove();
  for (const [index, fresh] of [...wanted.childNodes].entries()) {
    const node = parent.childNodes[index];
    if (!node) parent.append(fresh);
    else if (node.nodeName !== fresh.nodeName || keyOf(node) !== keyOf(fresh)) node.replaceWith(fresh);
    else if (!node.isEqualNode(fresh)) update(node, fresh);
  }
}

/** @param {Node} node */
const keyOf = (node) => (node instanceof HTMLElement ? node.dataset.key : undefined);

/** @type {(node: Node, fresh: Node) => void} */
function update(node, fresh) {
  if (!(node instanceof Element && fresh instanceof Element)) {
    node.nodeValue = fresh.nodeValue;
    return;
  }
  for (const name of node.getAttributeNames()) if (!fresh.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  // A status keeps the result of the user's last click.
  if (node.role !== 'status') show(node, [...fresh.childNodes]);
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
