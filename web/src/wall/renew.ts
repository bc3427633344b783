// A kiosk runs for years; browsers do not. Once a night the page is loaded anew, when nobody would miss it.

const dayLong = 20 * 3_600_000;

/**
 * Whether to load the page anew: it is old, it is between four and five in the morning, it hears the service (so that the
 * page will come), and nothing calls. `age` is milliseconds since the page was loaded, `at` the time of the service.
 */
export function mayRenew(age: number, at: number, isLive: boolean, calling: number): boolean {
  return age >= dayLong && new Date(at).getHours() === 4 && isLive && calling === 0;
}
