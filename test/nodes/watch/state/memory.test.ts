import { createMemoryFileState } from '../../../../nodes/watch/state/memory.ts';
import { describeFileState } from '../../../conformance/file-state.ts';
import { fakeClock } from '../../../support/fake-clock.ts';

describeFileState('memory', async () => createMemoryFileState({ clock: fakeClock() }));
