import { setting } from './kinds.ts';

const documentsRange = [0, 10_000_000] as const;

/** How much callers may bring. */
export const intakeSettings = {
	rateLimitMax: setting('number', 'DOCDROP_RATE_LIMIT_MAX', {
		default: '10000',
		unit: 'requests a minute',
		range: [0, 100_000_000],
		meaning: 'Requests of one address a minute; 0: no limit.',
	}),
	documentsPerMinute: setting('number', 'DOCDROP_DOCUMENTS_PER_MINUTE', {
		default: '0',
		unit: 'documents a minute',
		range: documentsRange,
		meaning:
			'Documents of all tenants together that are taken a minute, whoever brings them, local callers too; 0: no limit. Only changes that must be worked on count.',
	}),
	tenantDocumentsPerMinute: setting('tenantLimits', 'DOCDROP_TENANT_DOCUMENTS_PER_MINUTE', {
		default: '',
		unit: 'documents a minute',
		range: documentsRange,
		meaning:
			'The same for each tenant, and for single ones by name, separated by commas: `600,acme=6000,beta=0` is 600 for each, 6,000 for acme, no limit for beta. Empty: no limit.',
	}),
	skipRateLimitsLocal: setting('flag', 'SKIP_RATE_LIMITS_LOCAL', {
		default: 'true',
		meaning: 'Callers in 127/8, ::1, 10/8, 172.16/12 and 192.168/16 are not limited.',
	}),
	allowedTypes: setting('types', 'DOCDROP_ALLOWED_TYPES', {
		default: '',
		meaning:
			'Types of documents that are taken, separated by commas, such as `text/markdown,text/plain` or `text/*`; others are refused, and as attachments of a mail they are only named. Empty: all that can be read.',
	}),
	deniedTypes: setting('types', 'DOCDROP_DENIED_TYPES', {
		default: '',
		meaning: 'Types of documents that are refused, likewise, also where they are allowed.',
	}),
	trustedProxies: setting('networks', 'DOCDROP_TRUSTED_PROXIES', {
		default: '',
		meaning: 'Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.',
	}),
};
