import test from 'ava';
import { systemClock } from '../../src/base/index.ts';
import { startLocalApi } from '../support/local-api.ts';
import { clientSuite } from './client-suite.ts';

clientSuite(test, () => startLocalApi(systemClock));
