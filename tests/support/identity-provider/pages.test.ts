import { expect, it } from '@jest/globals';
import { errorPage, signInPage, signOutPage } from '../../../tools/identity-provider/pages.mjs';

it.each([
  ['an error', errorPage],
  ['the name of a client', signInPage],
  ['the name of a person', (text: string) => signOutPage(text, '')],
])('shows markup in %s as text', (_, show) => {
  const html = show(`<img src=x onerror="alert('&')">`);
  expect(html).toContain('&lt;img src=x onerror=&quot;alert(&#39;&amp;&#39;)&quot;&gt;');
  expect(html).not.toContain('<img');
});
