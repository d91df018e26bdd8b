// Takes the token out of the address, where people could read it, and into the form.
const form = document.forms[0];
const token = location.hash.slice(1);
if (token) {
  form.elements.token.value = token;
  history.replaceState(null, "", location.pathname + location.search);
}
form.querySelector("button").disabled = !form.elements.token.value;
