import { describe, expect, it } from '@jest/globals';
import { Fingerprints } from './fingerprints.js';

describe('Fingerprints', () => {
  it('recognises each text that it has seen, even as it grows', () => {
    const prints = new Fingerprints();
    const texts = Array.from({ length: 5_000 }, (_, index) => `message-${index}`);
    expect(texts.every((text) => prints.add(text))).toBe(true);
    expect(texts.some((text) => prints.add(text))).toBe(false);
    expect(texts.every((text) => prints.has(text))).toBe(true);
    expect(prints.has('message-5000')).toBe(false);
    expect(prints.size).toBe(5_000);
  });
});
