/** What guests are written against, for their own languages. */
export { GUEST_LANGUAGES, type GuestLanguage, printGuestApi } from "./print.ts";
