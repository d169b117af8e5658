import { ask } from './ask-api.ts';
import { h, replaceContent } from './dom.ts';

/** Whose documents are looked at: one field, which goes with whoever shows it. */
export interface TenantChoice {
	readonly node: HTMLElement;
	current(): string;
	choose(tenant: string): void;
	/** What the key reaches, and who is meant where nobody says. */
	know(reach: { readonly only: string | null; readonly unsaid: string }): void;
	/** At once where a tenant is named, else as soon as one is; not once the signal is aborted. */
	whenNamed(then: () => void, signal: AbortSignal): void;
	/** Until the signal is aborted. */
	onChoice(then: () => void, signal: AbortSignal): void;
}

const kept = 'docdrop-tenant';

export function createTenantChoice(): TenantChoice {
	const names = h('datalist', { id: 'tenant-names' });
	const field = h('input', {
		name: 'tenant',
		list: 'tenant-names',
		autocomplete: 'off',
		spellcheck: 'false',
		maxlength: 128,
		size: 14,
	});
	const node = h('label', { class: 'field' }, h('span', {}, 'Tenant'), field, names);
	const choices = new EventTarget();
	field.value = sessionStorage.getItem(kept) ?? '';
	field.addEventListener('focus', () => void offerNames(names));
	field.addEventListener('change', () => {
		sessionStorage.setItem(kept, field.value.trim());
		choices.dispatchEvent(new Event('choice'));
	});
	return {
		node,
		current: () => field.value.trim(),
		choose(tenant) {
			field.value = tenant;
			sessionStorage.setItem(kept, tenant);
		},
		know({ only, unsaid }) {
			const before = field.value;
			if (only !== null) field.value = only;
			else if (field.value === '') field.value = unsaid;
			field.readOnly = only !== null;
			if (field.value !== before) choices.dispatchEvent(new Event('choice'));
		},
		whenNamed(then, signal) {
			if (field.value.trim() !== '') then();
			else choices.addEventListener('choice', then, { signal, once: true });
		},
		onChoice: (then, signal) => choices.addEventListener('choice', then, { signal }),
	};
}

/** The first hundred are offered; any other can be typed. */
async function offerNames(names: HTMLElement): Promise<void> {
	try {
		const { tenants } = await ask<{ tenants: { tenant: string }[] }>('v1/tenants?limit=100');
		replaceContent(names, ...tenants.map(({ tenant }) => h('option', { value: tenant })));
	} catch {
		// Typing goes without.
	}
}
