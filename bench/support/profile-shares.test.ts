import { describe, expect, it } from '@jest/globals';
import { sharesOf } from './profile-shares.js';

/** A profile in which each function was sampled once, for so many microseconds. */
function profileOf(...functions: [functionName: string, url: string, time: number][]) {
  return {
    nodes: functions.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } })),
    samples: functions.map((_, id) => id),
    timeDeltas: functions.map(([, , time]) => time),
  };
}

const inPackage = (path: string) => `file:///somewhere/node_modules/${path}`;

describe('shares of a profile', () => {
  it('cover busy time only, largest first', () => {
    const profile = profileOf(
      ['(idle)', '', 900],
      ['dispatch', '', 40],
      ['', inPackage('winston/lib/a.js'), 25],
      ['(program)', '', 75],
    );
    expect(sharesOf(profile)).toEqual([
      ['Node', 0.75],
      ['winston', 0.25],
    ]);
  });

  it('add up the samples of a function', () => {
    const profile = profileOf(
      ['send', 'file:///somewhere/platform/dist/executor.js', 10],
      ['(garbage collector)', '', 20],
    );
    expect(sharesOf({ ...profile, samples: [0, 1, 0], timeDeltas: [10, 20, 10] })).toEqual([
      ['the subject itself', 0.5],
      ['garbage collection', 0.5],
    ]);
  });

  it.each([
    ['send', inPackage('@smithy/core/dist-cjs/index.js'), 'AWS SDK'],
    ['send', inPackage('a/node_modules/@aws-sdk/client-sqs/index.js'), 'AWS SDK'],
    ['validate', inPackage('class-validator/cjs/index.js'), 'class-validator, class-transformer'],
    ['reply', inPackage('@nestjs/platform-fastify/adapters/fastify-adapter.js'), 'Nest'],
    ['send', inPackage('fastify/lib/reply.js'), 'Fastify'],
    ['observe', inPackage('prom-client/lib/histogram.js'), 'prom-client'],
    ['v7', inPackage('uuid/dist/v7.js'), 'other packages'],
    ['writev', '', 'writes to sockets and pipes'],
    ['writev', 'node:net', 'Node'],
    ['emit', 'node:events', 'Node'],
  ])('count %s in %s as %s', (functionName, url, owner) => {
    expect(sharesOf(profileOf([functionName, url, 1]))).toEqual([[owner, 1]]);
  });
});
