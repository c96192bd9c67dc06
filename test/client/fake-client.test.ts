import test from 'ava';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { clientSuite } from './client-suite.ts';

// Other tests rely on the fake being like the real ones.
clientSuite(test, async () => ({ client: new FakeClient(new FakeClock()), stop: async () => {} }), {
  fencing: 'the fake has no fences',
  patches: 'the fake knows two kinds of patches, and no dry runs',
  paging: 'the fake lists everything',
});
