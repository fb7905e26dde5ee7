/** The ETag of an order. Its version rises with every change. */
export function etagOf(version: number): string {
  return `"v${version}"`;
}

/** Whether If-None-Match names the ETag (RFC 9110, section 13.1.2: weak comparison, lists and `*`). */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
