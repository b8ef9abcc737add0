// docfx's script reads the text of each heading and reference as it is laid out and then changes it, so that each reading lays out the whole page anew: the page of
// a large class stood still for a minute. It is not laid out meanwhile.
export default {
  start: () => {
    const article = document.querySelector("article");
    if (!article) {
      return;
    }

    const top = scrollY;
    article.style.display = "none";
    setTimeout(() => {
      article.style.display = "";
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (target) {
        target.scrollIntoView();
      } else {
        scrollTo(0, top);
      }
    });
  },
};
