import test from 'ava';
import { openProcessRuntime } from '../../src/runtime/index.ts';
import { runtimeSuite } from './runtime-suite.ts';

runtimeSuite(test, 'process runtime', (stateDir) => openProcessRuntime({ stateDir }));
