package io.lanekeeper.playground;

import com.alibaba.nacos.plugin.auth.exception.AccessException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;

/** Answers a wrong password as the console of Nacos does; naming's own handler would answer with status 0. */
@ControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
public class RefusedAccess {
  @ExceptionHandler(AccessException.class)
  public ResponseEntity<String> answer(AccessException refused) {
    return ResponseEntity.status(HttpStatus.FORBIDDEN).body(refused.getErrMsg());
  }
}
