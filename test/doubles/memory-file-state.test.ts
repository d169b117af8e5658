import { createMemoryFileState } from './memory-file-state.ts';
import { describeFileState } from '../conformance/file-state.ts';
import { fakeClock } from '../support/fake-clock.ts';

describeFileState('memory', async () => createMemoryFileState({ clock: fakeClock() }));
