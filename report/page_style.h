/* The style sheet of pages (report/page.c), besides the colours. */
#ifndef ALX_REPORT_PAGE_STYLE_H
#define ALX_REPORT_PAGE_STYLE_H

extern const char alx_page_style[];

#endif
